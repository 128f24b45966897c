#include "tests/preload/open_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "tests/preload/real_calls.hpp"

namespace tests::preload {

namespace {

/// Whether it may be on a disk. Allocates nothing: handlers of signals write to pipes.
bool is_file_or_directory(int number) {
  struct stat status{};
  return ::fstat(number, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

}  // namespace

std::string path_of_open(int number) {
  return "/proc/self/fd/" + std::to_string(number);
}

std::optional<OpenFile> open_file(const std::string& root, int number) {
  if (root.empty() || number < 0) return std::nullopt;
  const int error = errno;
  if (!is_file_or_directory(number)) {
    errno = error;
    return std::nullopt;
  }
  std::array<char, 4096> path;
  const ssize_t bytes = ::readlink(path_of_open(number).c_str(), path.data(), path.size());
  std::optional<OpenFile> found;
  if (bytes > 0) {
    const std::string place(path.data(), static_cast<std::size_t>(bytes));
    if (const auto disk = Disk::of(root, place))
      if (const auto inode = inode_at(number, ""); inode && inode->kind != Inode::Kind::other)
        found = OpenFile{number, *disk, place, *inode};
  }
  errno = error;
  return found;
}

void give_up(const std::string& why) {
  const std::string line = "kvd_faults: " + why + "\n";
  (void)!real().write(STDERR_FILENO, line.data(), line.size());
  std::abort();
}

}  // namespace tests::preload
