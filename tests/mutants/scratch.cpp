#include "tests/mutants/scratch.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/mutants/command.hpp"
#include "tests/mutants/fingerprint.hpp"

namespace tests::mutants {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kBuildBudget(1800);
/// What has no say in any judgement; else a new record would have all of them judged again.
constexpr std::string_view kOwnFolder = "tests/mutants/";
constexpr std::array<std::string_view, 4> kFolders = {"gms/", "kvstore/", "client/", "tests/"};

void write_content(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

/// Whether something at the root of the sources is of no use to a build.
bool stays_behind(const std::string& name) {
  return name.starts_with("build") || name == ".git" || name == ".groupkv";
}

std::vector<fs::path> files_of(const fs::path& root) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(root)) {
    if (stays_behind(entry.path().filename())) continue;
    if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(root));
    if (!entry.is_directory()) continue;
    for (const auto& below : fs::recursive_directory_iterator(entry.path()))
      if (below.is_regular_file()) files.push_back(below.path().lexically_relative(root));
  }
  std::ranges::sort(files);
  return files;
}

std::size_t count_lines(const std::string& content, const std::string& lines) {
  std::size_t count = 0;
  for (std::size_t at = content.find(lines); at != std::string::npos;
       at = content.find(lines, at + 1))
    if (at == 0 || content[at - 1] == '\n') ++count;
  return count;
}

std::size_t place_of(const std::string& content, const std::string& lines) {
  std::size_t at = content.find(lines);
  while (at != 0 && content[at - 1] != '\n') at = content.find(lines, at + 1);
  return at;
}

}  // namespace

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::optional<std::string> edited(const std::string& content, const Edit& edit) {
  if (count_lines(content, edit.was) != 1) return std::nullopt;
  std::string result = content;
  return result.replace(place_of(content, edit.was), edit.was.size(), edit.becomes);
}

std::optional<std::string> anchor_fault(const Mutant& mutant, const fs::path& root) {
  for (const Edit& edit : mutant.edits) {
    if (!fs::is_regular_file(root / edit.file))
      return mutant.id + ": there is no file " + edit.file;
    const std::size_t count = count_lines(content_of(root / edit.file), edit.was);
    if (count != 1)
      return mutant.id + ": its text is " + std::to_string(count) + " times in " + edit.file;
  }
  return std::nullopt;
}

Scratch::Scratch(fs::path source, fs::path folder)
    : source_(fs::weakly_canonical(std::move(source))),
      folder_(fs::weakly_canonical(std::move(folder))) {}

bool Scratch::lock() {
  fs::create_directories(folder_);
  // The handle stays open, and with it the lock, until the process ends.
  const int handle = open((folder_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  return handle >= 0 && flock(handle, LOCK_EX | LOCK_NB) == 0;
}

bool Scratch::prepare() {
  fs::create_directories(copy());
  const std::vector<fs::path> wanted = files_of(source_);
  for (const fs::path& file : wanted) {
    const std::string content = content_of(source_ / file);
    // What is equal keeps its time, so that nothing of it is built again.
    if (!fs::exists(copy() / file) || content_of(copy() / file) != content)
      write_content(copy() / file, content);
    fs::permissions(copy() / file, fs::status(source_ / file).permissions());
  }
  for (const fs::path& file : files_of(copy()))
    if (!std::ranges::binary_search(wanted, file)) fs::remove(copy() / file);
  // Both trees look the same from the folder they are in, wherever that is: one cache serves all.
  (void)setenv("CCACHE_BASEDIR", folder_.c_str(), 1);
  if (fs::exists(folder_ / "build" / "build.ninja")) return true;
  const Command configure{
      {"cmake", "-S", copy(), "-B", folder_ / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Mutants",
       // What a mutant leaves unused is no fault.
       "-DCMAKE_CXX_FLAGS=-w", "-DCMAKE_CXX_FLAGS_MUTANTS=-O1 -g0", "-DGROUPKV_BENCHMARKS=OFF"},
      folder_,
      build_output(),
      kBuildBudget};
  return run(configure) == Ending::good;
}

std::string Scratch::product() const {
  return fingerprint_of(std::span(kFolders).first(kFolders.size() - 1));
}

std::string Scratch::product_and_tests() const {
  return fingerprint_of(kFolders);
}

std::string Scratch::fingerprint_of(std::span<const std::string_view> folders) const {
  Fingerprint print;
  for (const fs::path& file : files_of(source_)) {
    const std::string name = file.generic_string();
    const bool counts =
        std::ranges::any_of(folders, [&](auto folder) { return name.starts_with(folder); });
    if (!counts || name.starts_with(kOwnFolder)) continue;
    print.add(name);
    print.add(content_of(source_ / file));
  }
  return print.text();
}

void Scratch::apply(const Mutant& mutant) {
  for (const Edit& edit : mutant.edits)
    if (const auto broken = edited(content_of(copy() / edit.file), edit))
      write_content(copy() / edit.file, *broken);
}

void Scratch::restore(const Mutant& mutant) {
  std::set<std::string> files;
  for (const Edit& edit : mutant.edits) files.insert(edit.file);
  for (const std::string& file : files) write_content(copy() / file, content_of(source_ / file));
}

bool Scratch::build(const std::vector<std::string>& targets) const {
  Command command{{"ninja", "-C", folder_ / "build", "-j2"}, folder_, build_output(), kBuildBudget};
  command.words.insert(command.words.end(), targets.begin(), targets.end());
  return run(command) == Ending::good;
}

fs::path Scratch::fresh_files() const {
  const fs::path files = folder_ / "files";
  fs::remove_all(files);
  fs::create_directories(files);
  return files;
}

}  // namespace tests::mutants
