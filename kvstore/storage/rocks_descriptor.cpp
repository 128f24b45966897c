#include "kvstore/storage/rocks_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace kvstore::storage {

using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

Error file_error(const char* call, const std::filesystem::path& path,
                 const std::error_code& error) {
  const bool no_room = error == std::errc::no_space_on_device ||
                       error == std::error_condition(EDQUOT, std::generic_category());
  return {no_room ? ErrorCode::busy : ErrorCode::io,
          std::string(call) + " " + path.string() + ": " + error.message()};
}

Error system_error(const char* call, const std::string& path) {
  return file_error(call, path, {errno, std::generic_category()});
}

RocksDescriptor& RocksDescriptor::operator=(RocksDescriptor&& other) noexcept {
  close();
  number_ = std::exchange(other.number_, -1);
  return *this;
}

Result<RocksDescriptor> RocksDescriptor::open(const std::string& path, int flags) {
  while (true) {
    RocksDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
    if (file.is_open()) return file;
    if (errno != EINTR) return system_error("open", path);
  }
}

void RocksDescriptor::close() {
  if (is_open()) ::close(std::exchange(number_, -1));
}

Result<std::size_t> read_at(const RocksDescriptor& file, const std::string& path,
                            std::uint64_t offset, std::span<std::byte> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(file.number(), into.data() + done, into.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("pread", path);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<void> write_at(const RocksDescriptor& file, const std::string& path, std::uint64_t offset,
                      ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote =
        ::pwrite(file.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return system_error("pwrite", path);
    if (wrote == 0) return Error{ErrorCode::io, "pwrite " + path + ": wrote nothing"};
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

Result<void> sync(const RocksDescriptor& file, const std::string& path) {
  while (::fsync(file.number()) != 0)
    if (errno != EINTR) return system_error("fsync", path);
  return {};
}

Result<void> sync_directory(const std::filesystem::path& path) {
  const auto directory = RocksDescriptor::open(path.string(), O_RDONLY | O_DIRECTORY);
  if (!directory) return directory.error();
  return sync(*directory, path.string());
}

}  // namespace kvstore::storage
