#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"
#include "gms/model/result.hpp"
#include "kvstore/api/query.hpp"
#include "kvstore/api/types.hpp"

namespace kvstore::storage {

/// Which table a row belongs to; it comes before the row's key in the store's one order.
enum class Space : std::uint8_t { data = 'k', session = 's' };

/// One row to write, or to erase when there is no `row`. Borrows its bytes.
struct Change {
  Space space = Space::data;
  gms::model::ByteSpan key;
  std::optional<api::Versioned> row;
};

/// Changes that become visible and durable together, and how far in the stream that is. Of several
/// changes of one key the last counts.
struct ChangeSet {
  std::vector<Change> changes;
  gms::model::Index applied;
  /// What the state machine keeps with its state: opaque to the store.
  gms::model::ByteSpan record;
};

/// The newest `applied` of a change set, and its record.
struct AppliedRecord {
  gms::model::Index applied;
  gms::model::Bytes record;

  friend bool operator==(const AppliedRecord&, const AppliedRecord&) = default;
};

/// A walk over rows in key order, or against it. The store's thread; what is applied between its
/// steps does not show. Must not outlive its snapshot.
class Scan {
 public:
  virtual ~Scan() = default;
  /// Whether there is a row to look at.
  [[nodiscard]] virtual bool at_row() const = 0;
  /// The row's key and content, valid until next(). Precondition: at_row().
  [[nodiscard]] virtual api::Pair pair() const = 0;
  /// Precondition: at_row().
  virtual void next() = 0;
  /// Whether the walk ended because the rows did. Errors: io, corrupt.
  [[nodiscard]] virtual gms::model::Result<void> status() const = 0;
};

/// The rows as they were at one moment, whatever is applied afterwards. The store's thread; the
/// store outlives it.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  [[nodiscard]] virtual gms::model::Index applied() const = 0;
  /// Starts at the first row of `bounds`, or the last when descending.
  [[nodiscard]] virtual std::unique_ptr<Scan> scan(Space space, const api::KeyBounds& bounds,
                                                   api::Direction direction) const = 0;
};

/// The rows of one replica, ordered by key.
///
/// Guarantee: a change set is seen whole or not at all, now and after a crash. What a crash leaves
/// is the state right after some change set, not older than durable(): the group's log is the only
/// write-ahead log, and what is missing here is delivered again [C14].
/// Thread rule: one caller at a time, snapshots and scans included.
/// Ownership: the store keeps no bytes of its caller's after a call.
class Store {
 public:
  virtual ~Store() = default;

  /// Makes the changes. Precondition: `changes.applied` is not below any before. Errors: io
  /// (nothing more can be applied), corrupt.
  [[nodiscard]] virtual gms::model::Result<void> apply(const ChangeSet& changes) = 0;

  /// The revision of a row; its value replaces what `value` holds. Nothing when there is no row,
  /// and `value` is unspecified then. Errors: io, corrupt.
  [[nodiscard]] virtual gms::model::Result<std::optional<api::Revision>> get(
      Space space, gms::model::ByteSpan key, gms::model::Bytes& value) const = 0;

  [[nodiscard]] virtual std::unique_ptr<Snapshot> snapshot() const = 0;

  /// Nothing in a new store. Errors: io, corrupt.
  [[nodiscard]] virtual gms::model::Result<std::optional<AppliedRecord>> stored() const = 0;

  /// A crash now would lose nothing up to here: the log may be trimmed to it. Grows as the store
  /// writes its memory out by itself. Cheap; may be asked after every apply().
  [[nodiscard]] virtual gms::model::Index durable() const = 0;

  /// Whether its memory for changes is used up, since they come faster than its disk takes them.
  /// apply() takes more all the same, without waiting for the disk. Cheap.
  [[nodiscard]] virtual bool is_behind() const = 0;

  /// Makes everything applied durable, and waits for it. Error: io.
  [[nodiscard]] virtual gms::model::Result<void> flush() = 0;

  /// What keeps the store from writing its memory out, such as a full disk; nothing while it is
  /// well. apply() goes on meanwhile, as long as memory lasts, so growth should be refused then.
  /// Cheap.
  [[nodiscard]] virtual std::optional<gms::model::Error> trouble() const = 0;
};

}  // namespace kvstore::storage
