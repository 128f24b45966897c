#include "tests/linearizability/list_history.hpp"

namespace tests::linearizability {

Operation as_register(const ListOperation& operation) {
  Operation out;
  out.client = operation.client;
  out.key = operation.key;
  out.action = operation.action == ListAction::read ? Action::get : Action::put_if;
  out.value = operation.element;
  out.expected = operation.expected;
  out.invoked = operation.invoked;
  out.returned = operation.returned;
  out.outcome = operation.outcome;
  if (!operation.seen.empty()) out.seen = operation.seen.back();
  out.applied = operation.applied;
  out.index = operation.index;
  return out;
}

History as_registers(const ListHistory& history) {
  History out;
  out.reserve(history.size());
  for (const ListOperation& operation : history) out.push_back(as_register(operation));
  return out;
}

std::string describe(const ListOperation& operation) {
  std::string out = describe(as_register(operation));
  if (operation.action == ListAction::append) return "append: " + out;
  out += ", list of " + std::to_string(operation.seen.size()) + ":";
  for (const Value element : operation.seen) out += " " + std::to_string(element.value());
  return out;
}

}  // namespace tests::linearizability
