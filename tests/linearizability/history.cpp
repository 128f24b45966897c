#include "tests/linearizability/history.hpp"

#include <string_view>

namespace tests::linearizability {
namespace {

std::string_view name_of(Action action) {
  switch (action) {
    case Action::get: return "get";
    case Action::put: return "put";
    case Action::erase: return "erase";
    case Action::put_if: return "put_if";
    case Action::erase_if: return "erase_if";
  }
  return "unknown";
}

std::string text_of(Value value) {
  return value == Value() ? "absent" : std::to_string(value.value());
}

std::string arguments_of(const Operation& operation) {
  const std::string key = "key " + std::to_string(operation.key.value());
  switch (operation.action) {
    case Action::get:
    case Action::erase: return key;
    case Action::put: return key + ", " + text_of(operation.value);
    case Action::put_if:
      return key + ", " + text_of(operation.value) + " if " + text_of(operation.expected);
    case Action::erase_if: return key + ", if " + text_of(operation.expected);
  }
  return key;
}

std::string result_of(const Operation& operation) {
  if (operation.outcome == Outcome::unknown) return "unknown";
  if (operation.outcome == Outcome::failed) return "failed";
  if (operation.action == Action::get) return text_of(operation.seen);
  return operation.applied ? "done" : "condition false";
}

}  // namespace

bool is_write(Action action) {
  return action != Action::get;
}

std::string describe(const Operation& operation) {
  std::string out = "client " + std::to_string(operation.client) + " " +
                    std::string(name_of(operation.action)) + "(" + arguments_of(operation) +
                    ") -> " + result_of(operation) + " [" + std::to_string(operation.invoked) +
                    " .. ";
  out += operation.returned == kNever ? "never" : std::to_string(operation.returned);
  out += "]";
  if (operation.index != gms::model::Index())
    out += " at index " + std::to_string(operation.index.value());
  return out;
}

}  // namespace tests::linearizability
