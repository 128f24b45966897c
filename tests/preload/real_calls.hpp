#pragma once

#include <dlfcn.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstdio>

namespace tests::preload {

/// The functions that this library stands in front of.
struct RealCalls {
  template <class Function>
  static Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
  }

  using Open = int(const char*, int, ...);
  using OpenAt = int(int, const char*, int, ...);
  using OpenStream = FILE*(const char*, const char*);
  using Truncate = int(int, off_t);
  using Write = ssize_t(int, const void*, std::size_t);
  using WriteAt = ssize_t(int, const void*, std::size_t, off_t);
  using ReadAt = ssize_t(int, void*, std::size_t, off_t);
  using Gather = ssize_t(int, const iovec*, int);
  using GatherAt = ssize_t(int, const iovec*, int, off_t);
  using Sync = int(int);
  using Space = int(const char*, struct statvfs*);

  Open* open = next<Open>("open");
  OpenAt* open_at = next<OpenAt>("openat");
  OpenStream* open_stream = next<OpenStream>("fopen");
  Truncate* truncate = next<Truncate>("ftruncate");
  Write* write = next<Write>("write");
  WriteAt* write_at = next<WriteAt>("pwrite");
  ReadAt* read_at = next<ReadAt>("pread");
  Gather* gather = next<Gather>("writev");
  GatherAt* gather_at = next<GatherAt>("pwritev");
  Sync* sync = next<Sync>("fsync");
  Sync* sync_data = next<Sync>("fdatasync");
  Space* space = next<Space>("statvfs");
};

inline const RealCalls& real() {
  static const RealCalls kCalls;
  return kCalls;
}

}  // namespace tests::preload
