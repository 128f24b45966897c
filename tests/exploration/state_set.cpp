#include "tests/exploration/state_set.hpp"

#include <xxhash.h>

#include <algorithm>

namespace tests::exploration {
namespace {

constexpr StateNumber kStatesABlock = 1u << 14;
constexpr std::size_t kFirstSlots = 1u << 12;
constexpr std::uint64_t kHighHalf = 0xFFFF'FFFF'0000'0000;

}  // namespace

StateSet::StateSet(std::size_t words) : words_(words), slots_(kFirstSlots) {}

StateSet::Place StateSet::insert(const PackedState& state) {
  if (size_ >= slots_.size() / 8 * 5) grow();
  const std::size_t mask = slots_.size() - 1;
  const std::uint64_t hashed = hash(state);
  for (std::size_t at = hashed & mask;; at = (at + 1) & mask) {
    const Slot slot = slots_[at];
    if (slot == 0) {
      append(state);
      slots_[at] = (hashed & kHighHalf) | size_;
      return {static_cast<StateNumber>(size_ - 1), true};
    }
    const auto number = static_cast<StateNumber>(slot - 1);
    if ((slot & kHighHalf) == (hashed & kHighHalf) && holds(number, state)) return {number, false};
  }
}

PackedState StateSet::at(StateNumber number) const {
  PackedState state{};
  std::copy_n(words_of(number), words_, state.begin());
  return state;
}

std::size_t StateSet::bytes() const {
  return slots_.size() * sizeof(Slot) +
         blocks_.size() * kStatesABlock * words_ * sizeof(std::uint64_t);
}

std::size_t StateSet::hash(const PackedState& state) const {
  return XXH3_64bits(state.data(), words_ * sizeof(std::uint64_t));
}

bool StateSet::holds(StateNumber number, const PackedState& state) const {
  return std::equal(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(words_),
                    words_of(number));
}

const std::uint64_t* StateSet::words_of(StateNumber number) const {
  return &blocks_[number / kStatesABlock][number % kStatesABlock * words_];
}

void StateSet::append(const PackedState& state) {
  if (size_ % kStatesABlock == 0)
    blocks_.push_back(std::make_unique_for_overwrite<std::uint64_t[]>(kStatesABlock * words_));
  std::copy_n(state.begin(), words_, &blocks_.back()[size_ % kStatesABlock * words_]);
  ++size_;
}

/// Twice the slots. The states stay where they are.
void StateSet::grow() {
  std::vector<Slot>(slots_.size() * 2).swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (StateNumber number = 0; number < size_; ++number) {
    const std::uint64_t hashed = hash(at(number));
    std::size_t free = hashed & mask;
    while (slots_[free] != 0) free = (free + 1) & mask;
    slots_[free] = (hashed & kHighHalf) | (number + 1);
  }
}

}  // namespace tests::exploration
