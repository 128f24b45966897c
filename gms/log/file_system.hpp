#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gms/model/bytes.hpp"
#include "gms/model/result.hpp"

namespace gms::log {

enum class Access : std::uint8_t { read, read_and_write };

/// An open file. Closed by its destructor, which makes nothing durable.
///
/// Thread rule: several threads may use one File as long as no two write at a time.
/// Errors of every method: io, or busy when the disk has no room. After an error of a write or a
/// sync it is unknown what is on the disk: nothing may be inferred from reading it again [C12].
class File {
 public:
  virtual ~File() = default;

  /// Reads at `offset` until `into` is full or the file ends; how many bytes that were.
  [[nodiscard]] virtual model::Result<std::size_t> read_at(std::uint64_t offset,
                                                           std::span<std::byte> into) = 0;
  /// Writes the pieces one behind the other from `offset` on, growing the file where it has to. Not
  /// durable before sync().
  [[nodiscard]] virtual model::Result<void> write_at(std::uint64_t offset,
                                                     std::span<const model::ByteSpan> pieces) = 0;
  /// Writes `bytes` zero bytes from `offset` on, so that overwriting them later allocates nothing.
  [[nodiscard]] virtual model::Result<void> write_zeros(std::uint64_t offset,
                                                        std::uint64_t bytes) = 0;
  /// Returns when all that was written before, and the size, survives a loss of power.
  [[nodiscard]] virtual model::Result<void> sync() = 0;
  [[nodiscard]] virtual model::Result<std::uint64_t> size() = 0;
  /// The first offset from `offset` on that may hold anything but zeros; the size if there is none.
  [[nodiscard]] virtual model::Result<std::uint64_t> next_data(std::uint64_t offset) = 0;
};

/// Holds a directory for one owner; given back by the destructor or the end of the process.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

/// The file system as the log uses it. All of the log is written against this port, so the same
/// code runs on a disk and on a simulation of one.
///
/// Creating, renaming and removing change a directory, and survive a loss of power only after
/// sync_directory() of it.
/// Thread rule: any thread. Ownership: outlives the files and locks that it gave.
/// Errors: not_found, conflict (it is there already, or locked by another), busy (no room), io.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// A new, empty file for reading and writing.
  [[nodiscard]] virtual model::Result<std::unique_ptr<File>> create(const std::string& path) = 0;
  [[nodiscard]] virtual model::Result<std::unique_ptr<File>> open(const std::string& path,
                                                                  Access access) = 0;
  /// Replaces `to` if it is there.
  [[nodiscard]] virtual model::Result<void> rename(const std::string& from,
                                                   const std::string& to) = 0;
  [[nodiscard]] virtual model::Result<void> remove(const std::string& path) = 0;
  [[nodiscard]] virtual model::Result<void> make_directory(const std::string& path) = 0;
  [[nodiscard]] virtual model::Result<void> sync_directory(const std::string& path) = 0;
  /// The names in a directory, sorted.
  [[nodiscard]] virtual model::Result<std::vector<std::string>> list(const std::string& path) = 0;
  /// Room left for files in the directory.
  [[nodiscard]] virtual model::Result<std::uint64_t> free_bytes(const std::string& path) = 0;
  /// Takes the directory for this owner alone; does not wait.
  [[nodiscard]] virtual model::Result<std::unique_ptr<DirectoryLock>> lock(
      const std::string& path) = 0;
};

/// `directory/name`.
[[nodiscard]] inline std::string joined(const std::string& directory, std::string_view name) {
  return directory + "/" + std::string(name);
}

}  // namespace gms::log
