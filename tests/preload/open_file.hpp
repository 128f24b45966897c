#pragma once

#include <optional>
#include <string>

#include "tests/preload/disk.hpp"

namespace tests::preload {

/// A file or directory of a disk that a process has open.
struct OpenFile {
  int number;
  Disk disk;
  /// Where it is now.
  std::string path;
  Inode inode;
};

/// What is open as `number`, if that is on a disk below `root`.
[[nodiscard]] std::optional<OpenFile> open_file(const std::string& root, int number);

/// A path by which the file can be opened again, even if its name is gone.
[[nodiscard]] std::string path_of_open(int number);

/// Ends the process: the library cannot do its work, and a test that went on would mean nothing.
[[noreturn]] void give_up(const std::string& why);

}  // namespace tests::preload
