// What a preloaded process calls instead of the functions of libc. All of them do what libc's do,
// unless the file is on a disk of a test.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "tests/preload/durable_image.hpp"
#include "tests/preload/fault_plan.hpp"
#include "tests/preload/real_calls.hpp"

namespace {

using namespace tests::preload;

/// Of this process. It is never destroyed: threads may write until the very end.
struct State {
  std::string root;
  DurableImage image;
  FaultPlan plan;

  State() {
    if (const char* below = std::getenv(kRootVariable)) root = below;
  }
};

State& state() {
  static State& kState = *new State;
  return kState;
}

std::optional<OpenFile> find(int number) {
  return open_file(state().root, number);
}

/// Notes that a file was opened and lost its content by that.
int opened(int number, bool is_emptied) {
  if (number < 0 || !is_emptied) return number;
  if (const auto file = find(number)) state().image.changed(*file);
  return number;
}

int resize(int number, off_t bytes) {
  const int result = real().truncate(number, bytes);
  if (const auto file = find(number); result == 0 && file) state().image.changed(*file);
  return result;
}

void wait(unsigned milliseconds) {
  if (milliseconds > 0) std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

int sync(int number, RealCalls::Sync* really) {
  const auto file = find(number);
  if (!file) return really(number);
  if (const auto fault = state().plan.next(Call::sync, *file)) {
    wait(fault->wait_ms);
    if (fault->error != 0) {
      state().image.sync_failed(*file);
      errno = fault->error;
      return -1;
    }
  }
  const int result = really(number);
  // It may have grown while it was waited for.
  if (const auto now = find(number); result == 0 && now) state().image.synced(*now);
  return result;
}

void note_written(int number, off_t offset, ssize_t bytes) {
  const auto file = find(number);
  if (!file || bytes <= 0) return;
  state().image.wrote(*file, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(bytes));
  const int error = errno;
  if ((::fcntl(number, F_GETFL) & O_DSYNC) != 0) state().image.synced(*file);
  errno = error;
}

/// Where a write without an offset has begun.
off_t begin_of(int number, ssize_t bytes) {
  return ::lseek(number, 0, SEEK_CUR) - std::max<ssize_t>(bytes, 0);
}

constexpr off_t kCurrent = -1;

/// Writes by `really`, or a part of the first piece by `write_part` if the test wants that.
template <class Really, class Part>
ssize_t write(int number, off_t offset, Really really, Part write_part) {
  const auto file = find(number);
  if (!file) return really();
  const auto fault = state().plan.next(Call::write, *file);
  if (fault) wait(fault->wait_ms);
  if (fault && fault->error != 0) {
    errno = fault->error;
    return -1;
  }
  const ssize_t wrote = fault && fault->is_short ? write_part() : really();
  note_written(number, offset == kCurrent ? begin_of(number, wrote) : offset, wrote);
  return wrote;
}

ssize_t write_bytes(int number, const void* bytes, std::size_t count) {
  return write(
      number, kCurrent, [&] { return real().write(number, bytes, count); },
      [&] { return real().write(number, bytes, (count + 1) / 2); });
}

ssize_t write_bytes_at(int number, const void* bytes, std::size_t count, off_t offset) {
  return write(
      number, offset, [&] { return real().write_at(number, bytes, count, offset); },
      [&] { return real().write_at(number, bytes, (count + 1) / 2, offset); });
}

ssize_t write_pieces_at(int number, const iovec* pieces, int count, off_t offset) {
  const std::size_t half = count > 0 ? (pieces[0].iov_len + 1) / 2 : 0;
  return write(
      number, offset, [&] { return real().gather_at(number, pieces, count, offset); },
      [&] { return real().write_at(number, pieces[0].iov_base, half, offset); });
}

ssize_t read_bytes_at(int number, void* bytes, std::size_t count, off_t offset) {
  const auto file = find(number);
  if (!file) return real().read_at(number, bytes, count, offset);
  const auto fault = state().plan.next(Call::read, *file);
  if (fault) wait(fault->wait_ms);
  if (fault && fault->error != 0) {
    errno = fault->error;
    return -1;
  }
  const bool is_short = fault && fault->is_short;
  return real().read_at(number, bytes, is_short ? (count + 1) / 2 : count, offset);
}

int space_left(const char* path, struct statvfs* about) {
  const int result = real().space(path, about);
  const auto disk = Disk::of(state().root, path);
  if (result != 0 || !disk) return result;
  const auto fault = state().plan.next(Call::space, *disk, path);
  if (fault && fault->free_bytes)
    about->f_bavail = std::min<fsblkcnt_t>(about->f_bavail, *fault->free_bytes / about->f_frsize);
  return result;
}

mode_t mode_in(int flags, va_list rest) {
  return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
}

bool empties(int flags) {
  return (flags & O_TRUNC) != 0;
}

FILE* open_stream(const char* path, const char* mode) {
  FILE* const stream = real().open_stream(path, mode);
  if (stream != nullptr) (void)opened(::fileno(stream), std::string_view(mode).starts_with('w'));
  return stream;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_in(flags, rest);
  va_end(rest);
  return opened(real().open(path, flags, mode), empties(flags));
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_in(flags, rest);
  va_end(rest);
  return opened(real().open(path, flags, mode), empties(flags));
}

int openat(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_in(flags, rest);
  va_end(rest);
  return opened(real().open_at(directory, path, flags, mode), empties(flags));
}

FILE* fopen(const char* path, const char* mode) {
  return open_stream(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  return open_stream(path, mode);
}

int ftruncate(int number, off_t bytes) noexcept {
  return resize(number, bytes);
}
int ftruncate64(int number, off64_t bytes) noexcept {
  return resize(number, bytes);
}

ssize_t write(int number, const void* bytes, std::size_t count) {
  return write_bytes(number, bytes, count);
}

ssize_t pwrite(int number, const void* bytes, std::size_t count, off_t offset) {
  return write_bytes_at(number, bytes, count, offset);
}
ssize_t pwrite64(int number, const void* bytes, std::size_t count, off64_t offset) {
  return write_bytes_at(number, bytes, count, offset);
}

ssize_t pread(int number, void* bytes, std::size_t count, off_t offset) {
  return read_bytes_at(number, bytes, count, offset);
}
ssize_t pread64(int number, void* bytes, std::size_t count, off64_t offset) {
  return read_bytes_at(number, bytes, count, offset);
}

ssize_t writev(int number, const iovec* pieces, int count) {
  return write(
      number, kCurrent, [&] { return real().gather(number, pieces, count); },
      [&] { return real().write(number, pieces[0].iov_base, (pieces[0].iov_len + 1) / 2); });
}

ssize_t pwritev(int number, const iovec* pieces, int count, off_t offset) {
  return write_pieces_at(number, pieces, count, offset);
}
ssize_t pwritev64(int number, const iovec* pieces, int count, off64_t offset) {
  return write_pieces_at(number, pieces, count, offset);
}

int statvfs(const char* path, struct statvfs* about) noexcept {
  return space_left(path, about);
}

int fsync(int number) {
  return sync(number, real().sync);
}
int fdatasync(int number) {
  return sync(number, real().sync_data);
}

}  // extern "C"
