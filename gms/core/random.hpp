#pragma once

#include <cstdint>

#include "gms/model/ids.hpp"

namespace gms::core {

/// A small seeded generator (SplitMix64, Steele et al., OOPSLA 2014): the same seed gives the same
/// sequence on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// In [0, limit); zero for a limit that is not positive.
  [[nodiscard]] model::Duration below(model::Duration limit) {
    if (limit <= model::Duration::zero()) return model::Duration::zero();
    const auto count = static_cast<std::uint64_t>(limit.count());
    return model::Duration(static_cast<model::Duration::rep>(next() % count));
  }

 private:
  std::uint64_t state_;
};

}  // namespace gms::core
