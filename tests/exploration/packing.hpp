#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/exploration/state.hpp"

namespace tests::exploration {

inline constexpr std::size_t kPackedWordsMax = 8;

/// A state as bits. Two states are equal if and only if their words are. Words that are not needed
/// are 0.
using PackedState = std::array<std::uint64_t, kPackedWordsMax>;

/// `seats[i]` is the member that is written in place i, with all that refers to it.
using Seating = std::array<MemberNumber, kMembersMax>;

[[nodiscard]] constexpr Seating own_seats() {
  return {0, 1, 2, 3, 4};
}

/// Writes states as bits, as few as the bounds allow, and reads them. Members beyond the bounds are
/// not written. Thread rule: any.
class Packing {
 public:
  explicit Packing(const Bounds& bounds);

  /// How many words the largest state within the bounds takes.
  [[nodiscard]] std::size_t words() const { return words_; }
  /// Whether states fit into a PackedState at all.
  [[nodiscard]] bool fits() const { return words_ <= kPackedWordsMax; }

  /// Preconditions: fits(); `state` is within the bounds; `seats` is a permutation of the members.
  [[nodiscard]] PackedState pack(const State& state, const Seating& seats) const;
  [[nodiscard]] State unpack(const PackedState& packed) const;

 private:
  Bounds bounds_;
  unsigned epoch_bits_;
  unsigned index_bits_;
  std::size_t words_;
};

}  // namespace tests::exploration
