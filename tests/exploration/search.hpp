#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "tests/exploration/invariants.hpp"
#include "tests/exploration/model.hpp"
#include "tests/exploration/state_set.hpp"

namespace tests::exploration {

struct Counterexample {
  Invariant broken = Invariant::one_leader_an_epoch;
  /// From the start; the last one breaks the invariant. No sequence of actions that the search
  /// follows is shorter.
  std::vector<Action> actions;
};

struct SearchResult {
  /// Up to names. If nothing was broken, all there are within the bounds.
  std::size_t states = 0;
  /// The number of actions that lead to the state farthest from the start.
  std::size_t depth = 0;
  std::size_t bytes = 0;
  std::optional<Counterexample> counterexample;
  /// Whether the search gave up at the limit of states. Then it shows nothing.
  bool gave_up = false;
};

inline constexpr std::size_t kStatesMax = 100'000'000;

/// Follows every action of every state of `model`, nearest states first, and checks the invariants
/// at each, until one is broken or there are no more. Thread rule: any. Precondition:
/// Packing(model.bounds()).fits().
[[nodiscard]] SearchResult search(const Model& model, std::size_t states_max = kStatesMax);

}  // namespace tests::exploration
