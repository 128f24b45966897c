#pragma once

#include "tests/exploration/packing.hpp"
#include "tests/exploration/state.hpp"

namespace tests::exploration {

/// Renames members until it does not matter any more what they were called. Members that stand for
/// each other at the start (founders among themselves, others among themselves) do so for ever, so
/// of the states that differ in names alone it is enough to keep one. Thread rule: any.
class Symmetry {
 public:
  Symmetry(const Bounds& bounds, const Packing& packing) : bounds_(bounds), packing_(packing) {}

  /// The same words for all states that differ in names alone, other words for all others: the
  /// smallest of those that the state has under any names which keep the order of the members'
  /// looks. Precondition: as of Packing::pack().
  [[nodiscard]] PackedState canonical(const State& state) const;

 private:
  const Bounds bounds_;
  const Packing& packing_;
};

}  // namespace tests::exploration
