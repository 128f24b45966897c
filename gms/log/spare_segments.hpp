#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "gms/log/file_system.hpp"
#include "gms/log/segment_files.hpp"

namespace gms::log {

/// A segment file open for writing.
struct Segment {
  FileSeq seq;
  std::unique_ptr<File> file;
  /// What was written ahead, so that overwriting it allocates nothing.
  std::uint64_t bytes = 0;
};

/// Makes a segment of `bytes` zero bytes and returns when it and its name are durable. Stops early
/// when asked to, with `closed`. After an error no file is left, if that is possible. Errors: busy
/// (no room), closed, io.
[[nodiscard]] model::Result<Segment> make_segment(FileSystem& files, const std::string& directory,
                                                  SegmentName name, std::uint64_t bytes,
                                                  const std::stop_token& stop);

/// Empty segments that are made ahead, so that the log's writer never waits for one.
///
/// Thread rule: take() and missing() on the writer's thread, make() and check_room() on one other
/// thread or the same one. A lock is held for no longer than it takes to hand a segment over, and
/// only when one is used up. Ownership: the file system outlives it.
class SpareSegments {
 public:
  struct Limits {
    std::uint64_t segment_bytes = 0;
    std::size_t wanted = 0;
    /// Room that is left to others and to a start after the disk was full.
    std::uint64_t reserve_bytes = 0;
  };

  /// `next` is the first number not yet used; `ready` are there already, with smaller numbers.
  SpareSegments(FileSystem& files, std::string directory, SegmentName next, Limits limits,
                std::deque<Segment> ready);

  /// The oldest spare; nothing when there is none right now.
  [[nodiscard]] std::optional<Segment> take();
  /// How many are wanted and not there.
  [[nodiscard]] std::size_t missing() const { return missing_.load(std::memory_order_relaxed); }

  /// Makes one more. Error busy: there is no room beyond the reserve now; io, closed.
  [[nodiscard]] model::Result<void> make(const std::stop_token& stop);
  /// Fails with busy while the disk has less room than the reserve.
  [[nodiscard]] model::Result<void> check_room();
  /// Whether half of the reserve is there still, for what was under way when the disk was full.
  [[nodiscard]] bool has_reserve_left();

 private:
  [[nodiscard]] model::Result<void> check_room_for(std::uint64_t bytes);

  FileSystem& files_;
  std::string directory_;
  SegmentName next_;
  Limits limits_;
  std::mutex mutex_;
  std::deque<Segment> ready_;
  std::atomic<std::size_t> missing_;
};

}  // namespace gms::log
