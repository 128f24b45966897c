#include "tests/faults/damage.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string>

namespace tests::faults {
namespace {

namespace fs = std::filesystem;

/// Where a small record has its version, which is all that there is in BOOT, and its content; and
/// where BOOT has its second slot.
constexpr std::streamoff kVersion = 17;
constexpr std::streamoff kContent = 33;
constexpr std::streamoff kSecondSlot = 4096;

void flip_bit(const fs::path& file, std::streamoff at) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(at);
  const int byte = bytes.get();
  bytes.seekp(at);
  bytes.put(static_cast<char>(byte ^ 1));
  if (!bytes.flush()) throw std::runtime_error("cannot damage " + file.string());
}

/// Those of the log that are neither the first nor the last two, which a crash may leave
/// unfinished.
fs::path middle_segment(const fs::path& data) {
  const auto all = segments_of(data);
  if (all.size() < 4) throw std::runtime_error("too few segments to damage one in the middle");
  return all[all.size() / 2 - 1];
}

/// A byte of what was written to a segment, from its middle on: the next batch may not have found
/// room in what follows, and what fills a block up is zero.
std::streamoff middle_of_written(const fs::path& segment) {
  std::ifstream file(segment, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::size_t last = bytes.find_last_not_of('\0');
  if (last == std::string::npos) throw std::runtime_error(segment.string() + " is empty");
  return static_cast<std::streamoff>(bytes.find_first_not_of('\0', last / 2));
}

/// The files of the store's rows, but for those that a kill left right after they were made.
std::vector<fs::path> tables_of(const fs::path& data) {
  std::vector<fs::path> tables;
  for (const auto& entry : fs::recursive_directory_iterator(data))
    if (entry.path().extension() == ".sst" && entry.path().stem() != "incoming" &&
        entry.file_size() > 0)
      tables.push_back(entry.path());
  if (tables.empty()) throw std::runtime_error("the store has no files yet");
  return tables;
}

using Path = const fs::path&;

void flip_one_copy(Path data, Path) {
  for (const char* name : {"META.0", "HARD.0"}) flip_bit(data / name, kContent);
  flip_bit(data / "BOOT", kVersion);
}
void flip_both_of_meta(Path data, Path) {
  for (const char* name : {"META.0", "META.1"}) flip_bit(data / name, kContent);
}
void flip_both_of_hard(Path data, Path) {
  for (const char* name : {"HARD.0", "HARD.1"}) flip_bit(data / name, kContent);
}
void flip_both_of_boot(Path data, Path) {
  for (const std::streamoff slot : {std::streamoff{0}, kSecondSlot})
    flip_bit(data / "BOOT", slot + kVersion);
}
void flip_identity(Path data, Path) {
  flip_bit(data / "IDENTITY", kContent);
}
void remove_identity(Path data, Path) {
  fs::remove(data / "IDENTITY");
}

void flip_in_segment(Path data, Path) {
  const fs::path segment = middle_segment(data);
  flip_bit(segment, middle_of_written(segment));
}
void truncate_segment(Path data, Path) {
  const fs::path segment = middle_segment(data);
  fs::resize_file(segment, static_cast<std::uintmax_t>(middle_of_written(segment)));
}
void remove_segment(Path data, Path) {
  fs::remove(middle_segment(data));
}
void remove_oldest_segment(Path data, Path) {
  fs::remove(segments_of(data).front());
}
void remove_segments(Path data, Path) {
  for (const fs::path& segment : segments_of(data)) fs::remove(segment);
}
void swap_segments(Path data, Path) {
  const auto all = segments_of(data);
  const auto one = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2 - 1);
  fs::rename(one[0], data / "aside");
  fs::rename(one[1], one[0]);
  fs::rename(data / "aside", one[1]);
}

void flip_in_tables(Path data, Path) {
  for (const fs::path& table : tables_of(data))
    for (const std::uintmax_t part : {8U, 4U, 2U})
      flip_bit(table, static_cast<std::streamoff>(fs::file_size(table) / part));
  // The row that every start reads is in the newest, behind the keys.
  for (const fs::path& table : tables_of(data))
    for (std::uintmax_t at = 0; at < fs::file_size(table); at += 512)
      flip_bit(table, static_cast<std::streamoff>(at));
}
/// In all that are large: some may have been of no more use already.
void flip_in_large_tables(Path data, Path) {
  constexpr std::uintmax_t kRowsOnly = 64 * 1024;
  bool flipped = false;
  for (const fs::path& table : tables_of(data)) {
    const std::uintmax_t bytes = fs::file_size(table);
    if (bytes < kRowsOnly) continue;
    flip_bit(table, static_cast<std::streamoff>(bytes / 2));
    flipped = true;
  }
  if (!flipped) throw std::runtime_error("the store has no large file yet");
}
void remove_tables(Path data, Path) {
  for (const fs::path& table : tables_of(data)) fs::remove(table);
}
void cut_current(Path data, Path) {
  for (const auto& entry : fs::recursive_directory_iterator(data))
    if (entry.path().filename() == "CURRENT") return fs::resize_file(entry.path(), 0);
  throw std::runtime_error("there is no store");
}

void restore_old_copy(Path data, Path old) {
  fs::remove_all(data);
  fs::copy(old, data, fs::copy_options::recursive);
}
void remove_directory(Path data, Path) {
  fs::remove_all(data);
}

}  // namespace

std::vector<fs::path> segments_of(const fs::path& data) {
  std::vector<std::pair<std::pair<int, int>, fs::path>> found;
  for (const auto& entry : fs::directory_iterator(data / "log")) {
    const std::string name = entry.path().stem();
    const std::size_t dash = name.find('-');
    if (entry.path().extension() != ".seg" || dash == std::string::npos) continue;
    found.push_back({{std::stoi(name), std::stoi(name.substr(dash + 1))}, entry.path()});
  }
  std::ranges::sort(found);
  std::vector<fs::path> segments;
  for (const auto& [number, path] : found) segments.push_back(path);
  return segments;
}

const std::vector<Damage>& damages() {
  static const std::vector<Damage> kDamages{
      {"one copy of META, of HARD and of BOOT", Verdict::starts, flip_one_copy},
      {"both copies of META", Verdict::refuses, flip_both_of_meta},
      {"both copies of HARD", Verdict::refuses, flip_both_of_hard},
      {"both slots of BOOT", Verdict::refuses, flip_both_of_boot},
      {"a bit of IDENTITY", Verdict::refuses, flip_identity},
      {"no IDENTITY", Verdict::refuses, remove_identity},
      {"a bit of a segment", Verdict::refuses, flip_in_segment},
      {"a segment cut short", Verdict::refuses, truncate_segment},
      {"a segment missing", Verdict::refuses, remove_segment},
      {"the oldest segment missing", Verdict::refuses, remove_oldest_segment},
      {"all segments missing", Verdict::refuses, remove_segments},
      {"two segments swapped", Verdict::refuses, swap_segments},
      {"bits of the store's files", Verdict::refuses, flip_in_tables},
      {"a bit of the store's rows", Verdict::mends, flip_in_large_tables},
      {"the store's files missing", Verdict::refuses, remove_tables},
      {"the store's CURRENT empty", Verdict::refuses, cut_current},
      {"an old copy in its place", Verdict::refuses, restore_old_copy},
      {"no directory", Verdict::rejoins, remove_directory},
  };
  return kDamages;
}

}  // namespace tests::faults
