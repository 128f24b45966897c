#include "gms/net/backoff.hpp"

#include <algorithm>

namespace gms::net {

std::chrono::milliseconds Backoff::next() {
  if (attempts_ < settings_.immediate_attempts) {
    ++attempts_;
    return std::chrono::milliseconds::zero();
  }
  // Knuth's linear congruential generator: jitter needs no better one.
  random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  const auto most = static_cast<std::uint64_t>(pause_.count());
  const std::uint64_t cut = (random_ >> 33) % (most / 2 + 1);
  pause_ = std::min(pause_ * 2, settings_.max);
  return std::chrono::milliseconds(most - cut);
}

void Backoff::reset() {
  attempts_ = 0;
  pause_ = settings_.first;
}

}  // namespace gms::net
