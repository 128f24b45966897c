#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tests::faults {

/// What befalls the frames that one member sends another. Chances are of a thousand frames.
struct LinkFaults {
  /// Nothing passes. What comes meanwhile waits, as TCP would send it again and again.
  bool blocked = false;
  std::chrono::milliseconds delay{0};
  /// Up to so much is added to the delay; frames stay in their order.
  std::chrono::milliseconds jitter{0};
  /// 0 for no limit.
  std::size_t bytes_per_second = 0;
  /// A frame comes byte by byte, with this pause between them.
  std::chrono::milliseconds byte_pause{0};
  unsigned lose = 0;
  unsigned duplicate = 0;
  /// A frame comes after others that were sent later.
  unsigned reorder = 0;
  /// One bit of a frame is another.
  unsigned flip = 0;
  /// A part of a frame comes, and then the connection's end.
  unsigned cut = 0;

  friend bool operator==(const LinkFaults&, const LinkFaults&) = default;
};

enum class Fault : std::uint8_t {
  blocked,
  delayed,
  trickled,
  lost,
  duplicated,
  reordered,
  flipped,
  cut,
};
inline constexpr std::size_t kFaultKinds = 8;

[[nodiscard]] std::string_view to_string(Fault fault);

/// How often each fault came about.
class FaultCounts {
 public:
  void add(Fault fault) { ++counts_[static_cast<std::size_t>(fault)]; }
  void add(const FaultCounts& other);
  [[nodiscard]] std::uint64_t of(Fault fault) const {
    return counts_[static_cast<std::size_t>(fault)];
  }
  [[nodiscard]] std::uint64_t sum() const;
  /// Those that came about, as `lost 3, flipped 1`.
  [[nodiscard]] std::string text() const;

 private:
  std::array<std::uint64_t, kFaultKinds> counts_{};
};

}  // namespace tests::faults
