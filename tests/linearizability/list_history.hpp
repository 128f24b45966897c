#pragma once

#include "tests/linearizability/history.hpp"

namespace tests::linearizability {

/// What a client asks of a key whose value is a list: to read it, or to add an element at its end.
enum class ListAction : std::uint8_t { read, append };

/// One call of one client on a list. Every element is appended once at most, in all of a history.
///
/// An append takes effect only while the list's last element is `expected`, or while the list is
/// empty if that is none: it is a read and a conditional write of the longer list.
struct ListOperation {
  std::uint32_t client = 0;
  Key key;
  ListAction action = ListAction::read;
  /// What an append adds.
  Value element;
  /// Of an append: the last element of the list that it is to be added to.
  Value expected;
  Moment invoked = 0;
  /// kNever unless the outcome is `ok` or `failed`.
  Moment returned = kNever;
  Outcome outcome = Outcome::unknown;
  /// Of a read that is `ok`: the elements, oldest first.
  std::vector<Value> seen;
  /// Of an append that is `ok`: whether its condition held.
  bool applied = true;
  /// As Operation::index.
  gms::model::Index index;

  friend bool operator==(const ListOperation&, const ListOperation&) = default;
};

using ListHistory = std::vector<ListOperation>;

/// The same call on a register that holds the list's last element: since no element comes twice,
/// that says which list it is. For the checkers of registers.
[[nodiscard]] Operation as_register(const ListOperation& operation);
[[nodiscard]] History as_registers(const ListHistory& history);

/// One line: who, what, when, and how it ended.
[[nodiscard]] std::string describe(const ListOperation& operation);

}  // namespace tests::linearizability
