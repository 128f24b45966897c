#include "gms/log/spare_segments.hpp"

#include <algorithm>
#include <utility>

namespace gms::log {
namespace {

using model::Error;
using model::ErrorCode;
using model::Result;

/// Zeros are written and synced in steps, so that a sync of the log never waits for many of them.
constexpr std::uint64_t kStepBytes = 1024 * 1024;

Result<void> fill_with_zeros(File& file, std::uint64_t bytes, const std::stop_token& stop) {
  for (std::uint64_t at = 0; at < bytes; at += kStepBytes) {
    if (stop.stop_requested()) return Error{ErrorCode::closed, "stopped"};
    if (auto done = file.write_zeros(at, std::min(kStepBytes, bytes - at)); !done) return done;
    if (auto done = file.sync(); !done) return done;
  }
  return {};
}

std::size_t missing_of(std::size_t wanted, std::size_t ready) {
  return wanted > ready ? wanted - ready : 0;
}

}  // namespace

Result<Segment> make_segment(FileSystem& files, const std::string& directory, SegmentName name,
                             std::uint64_t bytes, const std::stop_token& stop) {
  const std::string path = joined(directory, to_string(name));
  auto file = files.create(path);
  if (!file) return file.error();
  auto made = fill_with_zeros(**file, bytes, stop);
  if (made) made = files.sync_directory(directory);
  if (made) return Segment{name.seq, *std::move(file), bytes};
  // The first error is the one to tell; a remnant is cleared away by the next start.
  static_cast<void>(files.remove(path));
  return made.error();
}

SpareSegments::SpareSegments(FileSystem& files, std::string directory, SegmentName next,
                             Limits limits, std::deque<Segment> ready)
    : files_(files),
      directory_(std::move(directory)),
      next_(next),
      limits_(limits),
      ready_(std::move(ready)),
      missing_(missing_of(limits.wanted, ready_.size())) {}

std::optional<Segment> SpareSegments::take() {
  const std::lock_guard guard(mutex_);
  if (ready_.empty()) return std::nullopt;
  Segment segment = std::move(ready_.front());
  ready_.pop_front();
  missing_.store(missing_of(limits_.wanted, ready_.size()), std::memory_order_relaxed);
  return segment;
}

Result<void> SpareSegments::make(const std::stop_token& stop) {
  if (auto room = check_room_for(limits_.reserve_bytes + limits_.segment_bytes); !room) return room;
  const SegmentName name = next_;
  ++next_.seq;
  auto segment = make_segment(files_, directory_, name, limits_.segment_bytes, stop);
  if (!segment) return segment.error();
  const std::lock_guard guard(mutex_);
  ready_.push_back(*std::move(segment));
  missing_.store(missing_of(limits_.wanted, ready_.size()), std::memory_order_relaxed);
  return {};
}

Result<void> SpareSegments::check_room() {
  return check_room_for(limits_.reserve_bytes);
}

bool SpareSegments::has_reserve_left() {
  return check_room_for(limits_.reserve_bytes / 2).has_value();
}

Result<void> SpareSegments::check_room_for(std::uint64_t bytes) {
  const auto free = files_.free_bytes(directory_);
  if (!free) return free.error();
  if (*free >= bytes) return {};
  return Error{ErrorCode::busy, directory_ + ": " + std::to_string(*free) + " bytes free, " +
                                    std::to_string(bytes) + " wanted"};
}

}  // namespace gms::log
