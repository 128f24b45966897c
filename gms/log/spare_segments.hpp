#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

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

/// How many segment files there are, and the room that they take.
struct SegmentUsage {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
};

/// A segment file that the log needs no more.
struct RetiredSegment {
  SegmentName name;
  std::uint64_t bytes = 0;
};

/// Makes a segment of `bytes` zero bytes and returns when it and its name are durable. Stops early
/// when asked to, with `closed`. After an error no file is left, if that is possible. Errors: busy
/// (no room), closed, io.
[[nodiscard]] model::Result<Segment> make_segment(FileSystem& files, const std::string& directory,
                                                  SegmentName name, std::uint64_t bytes,
                                                  const std::stop_token& stop);

/// Segments that are ready ahead, so that the log's writer never waits for one: made of zeros, or
/// out of those that a trim has set free.
///
/// A segment that is used again is not filled with zeros. What still stands in it can neither chain
/// nor prove anything, for it has the log's own generation and salt, but
/// * a batch in it that was part of the log has a smaller number than every batch in the segments
///   that are left, and so than the one that a scan waits for;
/// * a batch in it that was cut as a torn tail is of an older boot than every batch written after
///   the cut, and since the cut the log has gone on into another segment, so it ends in one of
///   those, which a batch of an older boot cannot follow;
/// * a batch of either kind says "durable up to" only of a batch that was durable when it was
///   written. That one was in the log at every start since, so a scan waits for it only if it was
///   lost indeed.
/// A segment of an older log differs in generation and salt.
///
/// Thread rule: take(), retire(), start_over(), missing() and retired() on the writer's thread, the
/// others on one other thread or the same one. A lock is held for no longer than it takes to hand
/// segments over or to count them. Ownership: the file system outlives it.
class SpareSegments {
 public:
  struct Limits {
    std::uint64_t segment_bytes = 0;
    std::size_t wanted = 0;
    /// As many are kept of what is given up.
    std::size_t kept_max = 0;
    /// Room that is left to others and to a start after the disk was full.
    std::uint64_t reserve_bytes = 0;
    /// Room below which there is little, and nothing is kept that is not wanted; zero for never.
    std::uint64_t low_bytes = 0;
  };

  /// `next` is the first number not yet used; `ready` are there already, with smaller numbers.
  SpareSegments(FileSystem& files, std::string directory, SegmentName next, Limits limits,
                std::deque<Segment> ready);

  /// The oldest spare; nothing when there is none right now.
  [[nodiscard]] std::optional<Segment> take();
  /// How many are wanted and not there.
  [[nodiscard]] std::size_t missing() const { return missing_.load(std::memory_order_relaxed); }
  /// Gives up segments that the durable META says are needed no more, oldest first.
  void retire(const std::vector<RetiredSegment>& segments);
  /// The log goes on in another generation, from `next` on: what was made for the old one is given
  /// up. Precondition: as of retire().
  void start_over(SegmentName next);
  /// Of those that are ready or given up. Any thread.
  [[nodiscard]] SegmentUsage usage();
  /// How many were given up and are there still.
  [[nodiscard]] std::size_t retired() const {
    return retired_count_.load(std::memory_order_relaxed);
  }

  /// Makes one more. Error busy: there is no room beyond the reserve now; io, closed.
  [[nodiscard]] model::Result<void> make(const std::stop_token& stop);
  /// Makes spares of what was given up, as many as are kept, and removes the rest. One after the
  /// other in their order, each durably: a log's older segment is never there without the newer
  /// ones, whose entries have replaced some of it. Errors: busy, closed, io.
  [[nodiscard]] model::Result<void> recycle(const std::stop_token& stop);
  /// Fails with busy while the disk has less room than the reserve.
  [[nodiscard]] model::Result<void> check_room();
  /// Whether the disk has little room. Once it has, it takes a segment more than the limit until it
  /// has not. Error: io.
  [[nodiscard]] model::Result<bool> is_low();
  /// Whether half of the reserve is there still, for what was under way when the disk was full.
  [[nodiscard]] bool has_reserve_left();

 private:
  [[nodiscard]] model::Result<void> check_room_for(std::uint64_t bytes);
  [[nodiscard]] SegmentName next_name();
  [[nodiscard]] std::optional<RetiredSegment> oldest_retired();
  [[nodiscard]] bool is_kept(const RetiredSegment& retired);
  [[nodiscard]] model::Result<void> use_again(const RetiredSegment& retired);
  [[nodiscard]] model::Result<void> remove(const RetiredSegment& retired);
  /// Takes in a new spare, unless the log has gone over to another generation meanwhile.
  void admit(Generation generation, Segment segment);
  // With the lock held.
  void count();

  FileSystem& files_;
  std::string directory_;
  Limits limits_;
  std::mutex mutex_;
  // With the lock held.
  SegmentName next_;
  std::deque<Segment> ready_;
  std::deque<RetiredSegment> retired_;

  // Of the maker's thread.
  bool was_low_ = false;

  std::atomic<std::size_t> missing_;
  std::atomic<std::size_t> retired_count_ = 0;
};

}  // namespace gms::log
