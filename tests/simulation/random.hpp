#pragma once

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace tests::simulation {

/// Time in the simulated world, since the start of the run.
using VirtualTime = std::chrono::microseconds;

[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}
/// Folds `value` into the running hash `seed`.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t seed, std::uint64_t value) {
  return mix(seed ^ std::rotl(value, 29)) + value;
}

/// What a stream of random numbers is for. Each concern has its own, so that a change in how one of
/// them draws leaves the others as they were.
enum class Concern : std::uint64_t {
  options = 1,
  network,
  disk,
  process,
  workload,
  faults,
  membership,
  state_transfer,
  divergence,
  damage
};

/// A stream of random numbers, a function of a seed and a concern (xoshiro256**).
class Random {
 public:
  Random(std::uint64_t seed, Concern concern) {
    std::uint64_t at = mix(seed, static_cast<std::uint64_t>(concern));
    for (std::uint64_t& word : state_) word = at = mix(at);
  }

  [[nodiscard]] std::uint64_t next() {
    const std::uint64_t out = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return out;
  }

  /// In [0, bound). Precondition: bound is not zero.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  /// In [low, high].
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  /// True this many times in a million.
  [[nodiscard]] bool chance(std::uint64_t per_million) { return below(1'000'000) < per_million; }

  /// In [0, 1).
  [[nodiscard]] double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// In [low, high].
  template <class Duration>
  [[nodiscard]] Duration duration(Duration low, Duration high) {
    return Duration(static_cast<typename Duration::rep>(between(
        static_cast<std::uint64_t>(low.count()), static_cast<std::uint64_t>(high.count()))));
  }
  /// Exponentially distributed.
  [[nodiscard]] VirtualTime exponential(VirtualTime mean) {
    return VirtualTime(
        static_cast<std::int64_t>(-std::log(1.0 - unit()) * static_cast<double>(mean.count())));
  }
  /// Log-normally distributed around `median`.
  [[nodiscard]] VirtualTime log_normal(VirtualTime median, double sigma) {
    // The sum of uniform numbers is close enough to a normal one.
    double normal = -6.0;
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t bits = next();
      for (int part = 0; part < 3; ++part)
        normal += static_cast<double>((bits >> (21 * part)) & 0x1FFFFF) * 0x1.0p-21;
    }
    return VirtualTime(
        static_cast<std::int64_t>(static_cast<double>(median.count()) * std::exp(sigma * normal)));
  }

 private:
  std::uint64_t state_[4];
};

}  // namespace tests::simulation
