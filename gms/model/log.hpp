#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gms/model/durable_state.hpp"

namespace gms::model {

/// The log is another member's state from here on: it begins after `base`, which is committed.
struct InstallRequest {
  Base base;
  /// The application's state that goes with it.
  StateGeneration state;
  /// The log has the entry at the base, and goes on after it as it is. If not, nothing of it stays.
  bool keeps_tail = false;
};

/// An order to the log. Within one order: group, hard state, install, entries, trim, divergence,
/// refusal. An entry whose index is at most the log's last replaces it and everything after it.
struct PersistRequest {
  PersistSeq seq;
  /// A joiner has learnt its group; goes into the identity, which had none.
  std::optional<GroupId> group;
  std::optional<HardState> hard_state;
  std::optional<InstallRequest> install;
  std::vector<EntryRun> entries;
  /// The log begins after this: what is up to there is committed and in the application's durable
  /// state. Above the base before, not above the last entry.
  std::optional<Base> trim_to;
  /// Whether the application's state differs from what most members have, which an install ends.
  std::optional<bool> state_diverged;
  /// Why this incarnation may never start again.
  std::optional<std::string> refusal;
};

/// Asks for older entries than the engine keeps in memory.
struct ReadRequest {
  MemberId reader;
  Index first;
  std::size_t bytes_max = 0;
};

/// The answer to a ReadRequest: entries from `first` on, of at most bytes_max bytes but one at
/// least, and the end of the log before them. `gone` when the log no longer has them.
struct ReadAnswer {
  MemberId reader;
  Index first;
  bool gone = false;
  ChainHead previous;
  EntryRun entries;
};

/// How the log's storage fares.
struct StorageHealth {
  /// There is no room to grow: nobody should begin anything more.
  bool disk_full = false;
  /// While it is full: what others have begun may still be appended.
  bool reserve_left = false;
  /// There is little room: nobody should begin what grows. While the disk is full it may be unset.
  bool disk_low = false;

  [[nodiscard]] bool lacks_room() const { return disk_low || disk_full; }

  friend bool operator==(const StorageHealth&, const StorageHealth&) = default;
};

/// Hears from a Log. Calls may come on the log's own thread, one at a time.
class LogListener {
 public:
  virtual ~LogListener() = default;
  /// Every order up to `seq` survives a loss of power. Cumulative; numbers only grow.
  virtual void on_durable(PersistSeq seq) = 0;
  virtual void on_read(ReadAnswer answer) = 0;
  virtual void on_health(StorageHealth health) = 0;
  /// The storage failed: what was asked for and not reported durable may or may not be there, and
  /// nothing more will be done. The process has to stop [C12].
  virtual void on_failure(Error error) = 0;
};

/// The ordered, durable log of one member.
///
/// Guarantee: orders take effect in the order of the calls and are reported durable only when all
/// before them are. Orders may share one sync. Nothing blocks but stop().
/// Thread rule: one caller at a time; the listener given at construction outlives the log.
class Log {
 public:
  virtual ~Log() = default;
  /// Precondition: `request.seq` is larger than all before.
  virtual void persist(PersistRequest request) = 0;
  /// Sees every order given before it.
  virtual void read(ReadRequest request) = 0;
  /// Carries out the orders that were given, then stops. Reads need not be answered. No call of the
  /// listener comes after it.
  virtual void stop() = 0;
};

}  // namespace gms::model
