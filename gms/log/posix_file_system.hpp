#pragma once

#include "gms/log/file_system.hpp"

namespace gms::log {

/// The file system of this machine, through libc. Each write is one pwrite or pwritev, each sync
/// one fdatasync or, of a directory, fsync. Interrupted and short calls are carried on.
class PosixFileSystem final : public FileSystem {
 public:
  [[nodiscard]] model::Result<std::unique_ptr<File>> create(const std::string& path) override;
  [[nodiscard]] model::Result<std::unique_ptr<File>> open(const std::string& path,
                                                          Access access) override;
  [[nodiscard]] model::Result<void> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] model::Result<void> remove(const std::string& path) override;
  [[nodiscard]] model::Result<void> make_directory(const std::string& path) override;
  [[nodiscard]] model::Result<void> sync_directory(const std::string& path) override;
  [[nodiscard]] model::Result<std::vector<std::string>> list(const std::string& path) override;
  [[nodiscard]] model::Result<std::uint64_t> free_bytes(const std::string& path) override;
  [[nodiscard]] model::Result<std::unique_ptr<DirectoryLock>> lock(
      const std::string& path) override;
};

}  // namespace gms::log
