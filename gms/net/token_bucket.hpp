#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace gms::net {

/// Lets so many bytes a second pass, and after a pause at most `burst` at once. The caller brings
/// the time.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  /// Starts full. A rate of zero sets no limit.
  TokenBucket(std::uint64_t bytes_per_second, std::uint64_t burst, Clock::time_point now)
      : rate_(static_cast<double>(bytes_per_second)),
        burst_(static_cast<double>(burst)),
        level_(burst_),
        filled_(now) {}

  /// How long `bytes` have to wait from `now` on; zero when they may pass. More than a burst pass
  /// with a full bucket, and those after them wait the longer.
  [[nodiscard]] Clock::duration wait(std::uint64_t bytes, Clock::time_point now) {
    if (rate_ == 0) return {};
    fill(now);
    const double missing = std::min(static_cast<double>(bytes), burst_) - level_;
    if (missing <= 0) return {};
    // One more than it takes, so that a rounded wait is never a little too short.
    const std::chrono::duration<double> time(missing / rate_);
    return std::chrono::duration_cast<Clock::duration>(time) + Clock::duration(1);
  }
  /// `bytes` pass.
  void take(std::uint64_t bytes) {
    if (rate_ != 0) level_ -= static_cast<double>(bytes);
  }

 private:
  void fill(Clock::time_point now) {
    const double gained = rate_ * std::chrono::duration<double>(now - filled_).count();
    level_ = std::min(burst_, level_ + gained);
    filled_ = now;
  }

  double rate_;
  double burst_;
  double level_;
  Clock::time_point filled_;
};

}  // namespace gms::net
