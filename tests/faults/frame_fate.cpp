#include "tests/faults/frame_fate.hpp"

namespace tests::faults {
namespace {

/// A frame that is out of order comes so much later, at most.
constexpr std::uint64_t kBehindMillisecondsMax = 60;

}  // namespace

FrameFate FrameDice::roll(const LinkFaults& faults) {
  // The same draws for every frame, so that one chance does not change what another one hits.
  FrameFate fate;
  fate.lost = comes_about(faults.lose);
  fate.duplicated = comes_about(faults.duplicate);
  fate.reordered = comes_about(faults.reorder);
  fate.flipped = comes_about(faults.flip);
  fate.cut = comes_about(faults.cut);
  const auto jitter = static_cast<std::uint64_t>(faults.jitter.count());
  fate.delay = faults.delay + std::chrono::milliseconds(random_() % (jitter + 1));
  fate.behind = std::chrono::milliseconds(1 + random_() % kBehindMillisecondsMax);
  fate.place = random_();
  return fate;
}

}  // namespace tests::faults
