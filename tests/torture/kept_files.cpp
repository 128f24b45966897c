#include "tests/torture/kept_files.hpp"

#include <atomic>

namespace tests::torture {
namespace {

namespace fs = std::filesystem;

/// Files come and go meanwhile.
std::vector<fs::path> files_in(const fs::path& folder, const fs::path& extension) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == extension) files.push_back(at->path());
  return files;
}

/// A file that is not there any more needs no name.
void keep(const fs::path& file, const fs::path& folder) {
  static std::atomic<int> kept = 0;
  std::error_code ignored;
  fs::create_hard_link(file, folder / (std::to_string(++kept) + '.' + file.filename().string()),
                       ignored);
}

}  // namespace

KeptFiles::KeptFiles(const fs::path& directory)
    : segments_(fs::absolute(directory / "segments")), logs_(fs::absolute(directory / "logs")) {
  fs::create_directories(segments_);
  fs::create_directories(logs_);
}

void KeptFiles::keep_segments(const fs::path& member) const {
  for (const fs::path& segment : segments_of(member)) keep(segment, segments_);
}

void KeptFiles::keep_log(const fs::path& member) const {
  keep(member / "log", logs_);
}

std::vector<fs::path> KeptFiles::segments() const {
  return files_in(segments_, ".seg");
}

std::vector<fs::path> KeptFiles::logs() const {
  return files_in(logs_, ".log");
}

std::vector<fs::path> segments_of(const fs::path& member) {
  return files_in(member / "data" / "log", ".seg");
}

}  // namespace tests::torture
