#include "tests/linearizability/register_model.hpp"

namespace tests::linearizability {
namespace {

std::optional<Value> conditional(Value state, const Operation& operation, Value after) {
  const bool holds = state == operation.expected;
  if (operation.outcome == Outcome::ok && operation.applied != holds) return std::nullopt;
  return holds ? after : state;
}

}  // namespace

std::optional<Value> step(Value state, const Operation& operation) {
  switch (operation.action) {
    case Action::get:
      if (operation.outcome == Outcome::ok && operation.seen != state) return std::nullopt;
      return state;
    case Action::put: return operation.value;
    case Action::erase: return Value();
    case Action::put_if: return conditional(state, operation, operation.value);
    case Action::erase_if: return conditional(state, operation, Value());
  }
  return std::nullopt;
}

}  // namespace tests::linearizability
