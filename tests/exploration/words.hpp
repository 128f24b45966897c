#pragma once

#include <string>

#include "tests/exploration/model.hpp"
#include "tests/exploration/search.hpp"

namespace tests::exploration {

/// What `action` does in `state`, such as `A appends entry 2 of epoch 1, the view {A, C}`. Thread
/// rule: any. Precondition: model.allows(state, action).
[[nodiscard]] std::string describe(const Model& model, const State& state, const Action& action);

/// The invariant that is broken, each action in its turn, and what everybody holds at the end, a
/// line each. Thread rule: any.
[[nodiscard]] std::string describe(const Model& model, const Counterexample& counterexample);

}  // namespace tests::exploration
