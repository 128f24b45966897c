#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/exploration/packing.hpp"

namespace tests::exploration {

/// A state's place in the order in which states were found.
using StateNumber = std::uint32_t;

/// The states found so far: whole states, so that two of equal hash are never taken for one, which
/// would leave a part of the search undone without a word. Thread rule: one thread.
class StateSet {
 public:
  struct Place {
    StateNumber number;
    bool is_new;
  };

  /// `words` of each state are kept; the others must be 0.
  explicit StateSet(std::size_t words);

  /// Precondition: size() < 2^32 - 1.
  Place insert(const PackedState& state);
  /// Precondition: `number` < size().
  [[nodiscard]] PackedState at(StateNumber number) const;
  [[nodiscard]] StateNumber size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  /// A state's number + 1 in the low half, a part of its hash in the high half; 0 is free.
  using Slot = std::uint64_t;

  [[nodiscard]] std::size_t hash(const PackedState& state) const;
  [[nodiscard]] bool holds(StateNumber number, const PackedState& state) const;
  [[nodiscard]] const std::uint64_t* words_of(StateNumber number) const;
  void append(const PackedState& state);
  void grow();

  std::size_t words_;
  StateNumber size_ = 0;
  std::vector<std::unique_ptr<std::uint64_t[]>> blocks_;
  std::vector<Slot> slots_;
};

}  // namespace tests::exploration
