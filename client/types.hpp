#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gms/model/result.hpp"
#include "kvstore/api/command.hpp"
#include "kvstore/api/inspection.hpp"
#include "kvstore/api/query.hpp"

namespace client {

// What calls take and return. Keys and values are bytes, held in strings. What is taken is copied
// before a call returns.

using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;
using kvstore::api::Condition;
using kvstore::api::Direction;
using kvstore::api::IfAbsent;
using kvstore::api::IfRevision;
using kvstore::api::IfValue;
using kvstore::api::Outcome;
using kvstore::api::Previous;
using kvstore::api::ReadLevel;
using kvstore::api::Revision;

/// Until when a call may take; nothing for the client's own deadline.
using Deadline = std::optional<std::chrono::milliseconds>;

struct WriteOptions {
  /// What must hold when the write is applied; see kvstore/api/command.hpp.
  Condition condition;
  /// Whether the answer shall have what the key held before.
  Previous previous = Previous::unwanted;
  Deadline deadline;
};

struct ReadOptions {
  ReadLevel level = ReadLevel::linearizable;
  /// The answer is at least as new: read-your-writes at any replica.
  Revision revision_min;
  Deadline deadline;
};

/// What a range returns of each pair; `count` returns no pairs, only how many there are.
enum class RangeContent : std::uint8_t { pairs = 1, keys = 2, count = 3 };

/// The keys k with from ≤ k < to; an empty `to` is past the last.
struct RangeOptions {
  std::string_view from;
  std::string_view to;
  Direction direction = Direction::ascending;
  RangeContent content = RangeContent::pairs;
  std::uint64_t limit = kvstore::api::kNoLimit;
  ReadOptions read;
};

/// A value and the revision that wrote it.
struct Value {
  std::string bytes;
  Revision revision;

  friend bool operator==(const Value&, const Value&) = default;
};

/// How a write ended when it was applied: `done`, `condition_failed`, or `not_found` for an erase
/// of a key without a value. Only the first changed something.
struct WriteReply {
  Outcome outcome = Outcome::done;
  /// done: the revision written. condition_failed: the key's, zero if it has no value.
  Revision revision;
  /// If it was asked for: what the key held before, or holds when the condition failed.
  std::optional<Value> previous;
};

struct Entry {
  std::string key;
  /// Without bytes in a range of keys.
  Value value;

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// Where a range goes on: a place at the one replica that serves it.
struct Cursor {
  kvstore::api::CursorId id;
  /// The replica's client address.
  std::string address;
};

/// A part of a range. All parts are of one state of the store.
struct Page {
  std::vector<Entry> entries;
  /// Entries here, or counted for this page in a range that counts.
  std::uint64_t count = 0;
  /// The state: everything up to this index, and nothing after. A `local` range at a member that
  /// has just come back from a crash may see some of what follows, until it has applied that again.
  gms::model::Index state;
  /// Nothing after the last page.
  std::optional<Cursor> next;
};

}  // namespace client
