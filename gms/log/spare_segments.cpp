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
      limits_(limits),
      next_(next),
      ready_(std::move(ready)),
      missing_(missing_of(limits.wanted, ready_.size())) {}

std::optional<Segment> SpareSegments::take() {
  const std::lock_guard guard(mutex_);
  if (ready_.empty()) return std::nullopt;
  Segment segment = std::move(ready_.front());
  ready_.pop_front();
  count();
  return segment;
}

void SpareSegments::retire(const std::vector<RetiredSegment>& segments) {
  if (segments.empty()) return;
  const std::lock_guard guard(mutex_);
  retired_.insert(retired_.end(), segments.begin(), segments.end());
  count();
}

void SpareSegments::start_over(SegmentName next) {
  const std::lock_guard guard(mutex_);
  for (const Segment& segment : ready_)
    retired_.push_back({{next_.generation, segment.seq}, segment.bytes});
  ready_.clear();
  next_ = next;
  count();
}

SegmentUsage SpareSegments::usage() {
  const std::lock_guard guard(mutex_);
  SegmentUsage usage{ready_.size() + retired_.size(), 0};
  for (const Segment& segment : ready_) usage.bytes += segment.bytes;
  for (const RetiredSegment& segment : retired_) usage.bytes += segment.bytes;
  return usage;
}

Result<void> SpareSegments::make(const std::stop_token& stop) {
  if (auto room = check_room_for(limits_.reserve_bytes + limits_.segment_bytes); !room) return room;
  const SegmentName name = next_name();
  auto segment = make_segment(files_, directory_, name, limits_.segment_bytes, stop);
  if (!segment) return segment.error();
  admit(name.generation, *std::move(segment));
  return {};
}

Result<void> SpareSegments::recycle(const std::stop_token& stop) {
  while (const auto retired = oldest_retired()) {
    if (stop.stop_requested()) return Error{ErrorCode::closed, "stopped"};
    if (auto done = is_kept(*retired) ? use_again(*retired) : remove(*retired); !done) return done;
    const std::lock_guard guard(mutex_);
    retired_.pop_front();
    count();
  }
  return {};
}

std::optional<RetiredSegment> SpareSegments::oldest_retired() {
  const std::lock_guard guard(mutex_);
  if (retired_.empty()) return std::nullopt;
  return retired_.front();
}

bool SpareSegments::is_kept(const RetiredSegment& retired) {
  // One of another size is not worth keeping: it is too small, or takes more room than it should.
  if (retired.bytes != limits_.segment_bytes) return false;
  const auto low = is_low();
  const bool has_room = low && !*low && check_room().has_value();
  const std::lock_guard guard(mutex_);
  return ready_.size() < (has_room ? limits_.kept_max : limits_.wanted);
}

Result<void> SpareSegments::use_again(const RetiredSegment& retired) {
  const SegmentName name = next_name();
  const std::string path = joined(directory_, to_string(name));
  if (auto done = files_.rename(joined(directory_, to_string(retired.name)), path); !done)
    return done;
  // Nothing may be written under a name that a loss of power takes back.
  if (auto done = files_.sync_directory(directory_); !done) return done;
  auto file = files_.open(path, Access::read_and_write);
  if (!file) return file.error();
  admit(name.generation, {name.seq, *std::move(file), retired.bytes});
  return {};
}

Result<void> SpareSegments::remove(const RetiredSegment& retired) {
  if (auto done = files_.remove(joined(directory_, to_string(retired.name))); !done) return done;
  return files_.sync_directory(directory_);
}

SegmentName SpareSegments::next_name() {
  const std::lock_guard guard(mutex_);
  const SegmentName name = next_;
  ++next_.seq;
  return name;
}

void SpareSegments::admit(Generation generation, Segment segment) {
  const std::lock_guard guard(mutex_);
  if (generation == next_.generation) {
    ready_.push_back(std::move(segment));
  } else {
    retired_.push_back({{generation, segment.seq}, segment.bytes});
  }
  count();
}

void SpareSegments::count() {
  missing_.store(missing_of(limits_.wanted, ready_.size()), std::memory_order_relaxed);
  retired_count_.store(retired_.size(), std::memory_order_relaxed);
}

Result<void> SpareSegments::check_room() {
  return check_room_for(limits_.reserve_bytes);
}

Result<bool> SpareSegments::is_low() {
  const auto free = files_.free_bytes(directory_);
  if (!free) return free.error();
  was_low_ = *free < limits_.low_bytes + (was_low_ ? limits_.segment_bytes : 0);
  return was_low_;
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
