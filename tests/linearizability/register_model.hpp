#pragma once

#include <optional>

#include "tests/linearizability/history.hpp"

namespace tests::linearizability {

/// The sequential specification of one key: what `operation` makes of a key that holds `state`, or
/// nothing if the operation cannot have ended as it did there. A result that is not known fits
/// every state.
[[nodiscard]] std::optional<Value> step(Value state, const Operation& operation);

}  // namespace tests::linearizability
