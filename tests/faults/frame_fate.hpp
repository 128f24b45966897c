#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "tests/faults/link_faults.hpp"

namespace tests::faults {

/// What is to be done with one frame.
struct FrameFate {
  bool lost = false;
  bool duplicated = false;
  bool reordered = false;
  bool flipped = false;
  bool cut = false;
  /// After so long it is let go, and if it is reordered after so much more.
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds behind{0};
  /// Says which bit is flipped, or where the frame is cut.
  std::uint64_t place = 0;
};

/// Draws the fates of the frames of one link, the same ones for the same seed and faults.
class FrameDice {
 public:
  explicit FrameDice(std::uint64_t seed) : random_(seed) {}
  [[nodiscard]] FrameFate roll(const LinkFaults& faults);

 private:
  [[nodiscard]] bool comes_about(unsigned chance) { return random_() % 1000 < chance; }

  std::mt19937_64 random_;
};

}  // namespace tests::faults
