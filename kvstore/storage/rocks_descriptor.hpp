#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "gms/model/bytes.hpp"
#include "gms/model/result.hpp"

namespace kvstore::storage {

/// The error of the system call that has just failed: busy when the disk has no room, io otherwise.
[[nodiscard]] gms::model::Error system_error(const char* call, const std::string& path);
/// The same, of what the standard library says.
[[nodiscard]] gms::model::Error file_error(const char* call, const std::filesystem::path& path,
                                           const std::error_code& error);

/// Owns a file descriptor, or none.
class RocksDescriptor {
 public:
  RocksDescriptor() = default;
  explicit RocksDescriptor(int number) : number_(number) {}
  RocksDescriptor(RocksDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  RocksDescriptor& operator=(RocksDescriptor&& other) noexcept;
  ~RocksDescriptor() { close(); }

  /// `flags` as of open(2).
  [[nodiscard]] static gms::model::Result<RocksDescriptor> open(const std::string& path, int flags);

  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }
  void close();

 private:
  int number_ = -1;
};

/// Reads at `offset` until `into` is full or the file ends; how many bytes that were. Error: io.
[[nodiscard]] gms::model::Result<std::size_t> read_at(const RocksDescriptor& file,
                                                      const std::string& path, std::uint64_t offset,
                                                      std::span<std::byte> into);
/// Writes all of `bytes` at `offset`. Errors: io, busy.
[[nodiscard]] gms::model::Result<void> write_at(const RocksDescriptor& file,
                                                const std::string& path, std::uint64_t offset,
                                                gms::model::ByteSpan bytes);
/// Returns when what was written to the file survives a loss of power. Errors: io, busy.
[[nodiscard]] gms::model::Result<void> sync(const RocksDescriptor& file, const std::string& path);
/// Returns when what was created, renamed and removed in a directory survives a loss of power.
/// Error: io.
[[nodiscard]] gms::model::Result<void> sync_directory(const std::filesystem::path& path);

}  // namespace kvstore::storage
