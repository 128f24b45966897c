#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gms/model/ids.hpp"

namespace tests::linearizability {

using Key = gms::model::Identifier<struct KeyTag>;
/// A value of a key; none stands for "the key is absent". Histories are checked fastest, and
/// explained best, when every write has a value of its own.
using Value = gms::model::Identifier<struct ValueTag>;

/// What a client asks of one key. The conditional kinds act only while the key's value is
/// `expected`, which may be none for "absent".
enum class Action : std::uint8_t { get, put, erase, put_if, erase_if };

/// How a call ended. `failed` is a promise that it never took effect [D5]; `unknown` promises
/// nothing.
enum class Outcome : std::uint8_t { ok, unknown, failed };

/// When something happened, in microseconds of the history's one clock.
using Moment = std::int64_t;
inline constexpr Moment kNever = std::numeric_limits<Moment>::max();

/// One call of one client.
struct Operation {
  std::uint32_t client = 0;
  Key key;
  Action action = Action::get;
  /// What a put writes.
  Value value;
  /// What a conditional action waits for.
  Value expected;
  Moment invoked = 0;
  /// kNever unless the outcome is `ok` or `failed`.
  Moment returned = kNever;
  Outcome outcome = Outcome::unknown;
  /// Of a get that is `ok`: what it returned.
  Value seen;
  /// Of a conditional action that is `ok`: whether its condition held.
  bool applied = true;
  /// Where the call took effect as the service says: a write's own entry, what a read had seen
  /// applied. Zero if not known.
  gms::model::Index index;

  friend bool operator==(const Operation&, const Operation&) = default;
};

using History = std::vector<Operation>;

[[nodiscard]] bool is_write(Action action);
/// One line: who, what, when, and how it ended.
[[nodiscard]] std::string describe(const Operation& operation);

}  // namespace tests::linearizability
