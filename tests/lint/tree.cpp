#include "tests/lint/tree.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/lint/citations.hpp"
#include "tests/lint/functions.hpp"
#include "tests/lint/shape.hpp"

namespace lint {
namespace {

namespace fs = std::filesystem;

/// The folders and files at the root that belong to the project.
constexpr std::string_view kRoots[] = {"gms",        "kvstore", "client",         "tests",
                                       "benchmarks", "dev",     "CMakeLists.txt", ".ci"};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool is_checked(const fs::path& path) {
  const std::string name = path.filename();
  const std::string extension = path.extension();
  return extension == ".hpp" || extension == ".cpp" || extension == ".sh" ||
         extension == ".cmake" || name == "CMakeLists.txt" || name == "dev" || name == "run";
}

std::vector<fs::path> files_below(const fs::path& root) {
  std::vector<fs::path> files;
  for (const std::string_view entry : kRoots) {
    const fs::path path = root / entry;
    if (fs::is_regular_file(path)) files.push_back(path);
    if (!fs::is_directory(path)) continue;
    for (const auto& found : fs::recursive_directory_iterator(path))
      if (found.is_regular_file() && is_checked(found.path())) files.push_back(found.path());
  }
  std::ranges::sort(files);
  return files;
}

Standards standards_of(const fs::path& root) {
  Standards standards;
  standards.banned = parse_banned_phrases(read_file(root / "tests/lint/banned_words.txt"));
  standards.rules = rules_stated_in(read_file(root / "docs/protocol.md"));
  standards.rules.merge(rules_stated_in(read_file(root / "docs/invariants.md")));
  standards.exists = [root](std::string_view path) { return fs::is_regular_file(root / path); };
  return standards;
}

}  // namespace

Findings check_source(const Source& source, const Standards& standards) {
  Findings findings;
  check_text(source, findings);
  check_words(source, standards.banned, findings);
  check_citations(source, standards.rules, findings);
  if (source.is_cpp()) {
    check_code(source, findings);
    check_functions(source, findings);
    check_includes(source, standards.exists, findings);
  }
  std::ranges::sort(findings);
  return findings;
}

TreeReport check_tree(const std::string& root) {
  const Standards standards = standards_of(root);
  TreeReport report;
  for (const fs::path& path : files_below(root)) {
    const Source source(path.lexically_relative(root).generic_string(), read_file(path));
    ++report.files;
    std::ranges::move(check_source(source, standards), std::back_inserter(report.findings));
  }
  return report;
}

}  // namespace lint
