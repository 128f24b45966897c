#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/preload/open_file.hpp"

namespace tests::preload {

enum class Call : std::uint8_t { sync, write, read, space };

/// What becomes of one call: first it waits, then it fails, or writes a part only. One that asks
/// for the room that is left is told of so much.
struct Fault {
  unsigned wait_ms = 0;
  int error = 0;
  bool is_short = false;
  std::optional<std::uint64_t> free_bytes;
};

/// The faults that tests order. Each line of a disk's `rules` is
///
///   CALL PATH SKIP COUNT FAULT
///
/// with CALL `sync` (fsync, fdatasync), `write` (of any kind), `read` (pread) or `space` (statvfs);
/// a part of the PATH; how many such calls to SKIP; how many to spoil after that; and the FAULT:
/// `EIO`, `ENOSPC`, `EINTR`, `short`, `wait:MILLISECONDS`, or `free:BYTES`. The counts begin anew
/// when the file is replaced, and in each process. Thread rule: any thread.
class FaultPlan {
 public:
  /// What becomes of this call, which is counted.
  [[nodiscard]] std::optional<Fault> next(Call call, const OpenFile& file) {
    return next(call, file.disk, file.path);
  }
  [[nodiscard]] std::optional<Fault> next(Call call, const Disk& disk, const std::string& path);

 private:
  struct Rule {
    std::string line;
    Call call = Call::sync;
    std::string path;
    std::uint64_t skip = 0;
    std::uint64_t count = 0;
    Fault fault;
  };
  struct Rules {
    /// The file that they were read from.
    std::string id;
    std::vector<Rule> rules;
  };

  [[nodiscard]] static Rule rule_of(const std::string& line);
  [[nodiscard]] static Fault fault_of(std::string_view word);
  static void read(const std::string& path, Rules& rules);

  std::mutex mutex_;
  std::map<std::string, Rules> disks_;
};

}  // namespace tests::preload
