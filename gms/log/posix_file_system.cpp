#include "gms/log/posix_file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace gms::log {
namespace {

using model::ByteSpan;
using model::Error;
using model::ErrorCode;
using model::Result;

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT: return ErrorCode::not_found;
    case EEXIST:
    case EWOULDBLOCK: return ErrorCode::conflict;
    case ENOSPC:
    case EDQUOT: return ErrorCode::busy;
    default: return ErrorCode::io;
  }
}

/// The error of the system call that has just failed.
Error system_error(const char* call, const std::string& path) {
  const int number = errno;
  return {code_of(number),
          std::string(call) + " " + path + ": " + std::generic_category().message(number)};
}

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

Descriptor open_descriptor(const std::string& path, int flags) {
  while (true) {
    Descriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
    if (file.is_open() || errno != EINTR) return file;
  }
}

/// What a call returns that no signal has interrupted.
template <class Call>
int uninterrupted(const Call& call) {
  int result = 0;
  do result = call();
  while (result != 0 && errno == EINTR);
  return result;
}

/// Pieces still to be written, as the system call wants them.
class Gather {
 public:
  explicit Gather(std::span<const ByteSpan> pieces) : rest_(pieces) {}

  /// The next vectors; none when all is written.
  [[nodiscard]] std::span<const iovec> next() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < rest_.size() && count < vectors_.size(); ++i) {
      const ByteSpan piece = i == 0 ? rest_[0].subspan(done_of_first_) : rest_[i];
      if (piece.empty()) continue;
      vectors_[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
    }
    return {vectors_.data(), count};
  }

  void advance(std::size_t written) {
    while (!rest_.empty() && written >= rest_[0].size() - done_of_first_) {
      written -= rest_[0].size() - done_of_first_;
      rest_ = rest_.subspan(1);
      done_of_first_ = 0;
    }
    done_of_first_ += written;
  }

 private:
  std::span<const ByteSpan> rest_;
  std::size_t done_of_first_ = 0;
  std::array<iovec, 64> vectors_;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = ::pread(file_.number(), into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_error("pread", path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<void> write_at(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
    Gather gather(pieces);
    for (auto vectors = gather.next(); !vectors.empty(); vectors = gather.next()) {
      const ssize_t wrote = write_once(vectors, static_cast<off_t>(offset));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return system_error("pwrite", path_);
      if (wrote == 0) return Error{ErrorCode::io, "pwrite " + path_ + ": wrote nothing"};
      offset += static_cast<std::uint64_t>(wrote);
      gather.advance(static_cast<std::size_t>(wrote));
    }
    return {};
  }

  Result<void> write_zeros(std::uint64_t offset, std::uint64_t bytes) override {
    static constexpr std::array<std::byte, 256 * 1024> kZeros{};
    while (bytes > 0) {
      const ByteSpan step(kZeros.data(), std::min<std::uint64_t>(bytes, kZeros.size()));
      if (auto written = write_at(offset, {&step, 1}); !written) return written;
      offset += step.size();
      bytes -= step.size();
    }
    return {};
  }

  Result<void> sync() override {
    if (uninterrupted([&] { return ::fdatasync(file_.number()); }) != 0)
      return system_error("fdatasync", path_);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat about{};
    if (::fstat(file_.number(), &about) != 0) return system_error("fstat", path_);
    return static_cast<std::uint64_t>(about.st_size);
  }

  Result<std::uint64_t> next_data(std::uint64_t offset) override {
    const off_t found = ::lseek(file_.number(), static_cast<off_t>(offset), SEEK_DATA);
    if (found >= 0) return static_cast<std::uint64_t>(found);
    if (errno == ENXIO) return size();
    // A file system without holes may say that it knows nothing.
    if (errno == EINVAL) return offset;
    return system_error("lseek", path_);
  }

 private:
  ssize_t write_once(std::span<const iovec> vectors, off_t offset) {
    if (vectors.size() == 1)
      return ::pwrite(file_.number(), vectors[0].iov_base, vectors[0].iov_len, offset);
    return ::pwritev(file_.number(), vectors.data(), static_cast<int>(vectors.size()), offset);
  }

  Descriptor file_;
  std::string path_;
};

class PosixDirectoryLock final : public DirectoryLock {
 public:
  explicit PosixDirectoryLock(Descriptor directory) : directory_(std::move(directory)) {}

 private:
  Descriptor directory_;
};

Result<std::unique_ptr<File>> opened(const std::string& path, int flags) {
  Descriptor file = open_descriptor(path, flags);
  if (!file.is_open()) return system_error("open", path);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(file), path));
}

}  // namespace

Result<std::unique_ptr<File>> PosixFileSystem::create(const std::string& path) {
  return opened(path, O_RDWR | O_CREAT | O_EXCL);
}

Result<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path, Access access) {
  return opened(path, access == Access::read ? O_RDONLY : O_RDWR);
}

Result<void> PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error("rename", from);
  return {};
}

Result<void> PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return system_error("unlink", path);
  return {};
}

Result<void> PosixFileSystem::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) return system_error("mkdir", path);
  return {};
}

Result<void> PosixFileSystem::sync_directory(const std::string& path) {
  const Descriptor directory = open_descriptor(path, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open()) return system_error("open", path);
  if (uninterrupted([&] { return ::fsync(directory.number()); }) != 0)
    return system_error("fsync", path);
  return {};
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (directory == nullptr) return system_error("opendir", path);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* const entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return system_error("readdir", path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::uint64_t> PosixFileSystem::free_bytes(const std::string& path) {
  struct statvfs about{};
  if (::statvfs(path.c_str(), &about) != 0) return system_error("statvfs", path);
  return static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
}

Result<std::unique_ptr<DirectoryLock>> PosixFileSystem::lock(const std::string& path) {
  Descriptor directory = open_descriptor(path, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open()) return system_error("open", path);
  if (uninterrupted([&] { return ::flock(directory.number(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK)
      return Error{ErrorCode::conflict, path + " is in use by another process"};
    return system_error("flock", path);
  }
  return std::unique_ptr<DirectoryLock>(std::make_unique<PosixDirectoryLock>(std::move(directory)));
}

}  // namespace gms::log
