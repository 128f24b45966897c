#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "gms/model/entry_run.hpp"
#include "gms/model/mark.hpp"
#include "gms/model/view.hpp"

namespace gms::model {

/// Who this data directory belongs to. Written once; a joiner's group is filled in when it learns
/// it from the first member that accepts it.
struct Identity {
  GroupId group;
  MemberId self;
  std::string name;

  friend bool operator==(const Identity&, const Identity&) = default;
};

/// The promises of elections: the epoch this member is in and whom it voted for in it, if anybody.
struct HardState {
  Epoch epoch;
  MemberId voted_for;

  friend bool operator==(const HardState&, const HardState&) = default;
};

/// Where the log starts: everything up to `head` is in the state machine's snapshot, or was never
/// there (index 0 for a log from the group's beginning).
struct Base {
  ChainHead head;
  /// The view in force at the base [I19]; without members for a log from the beginning.
  PlacedView view;

  friend bool operator==(const Base&, const Base&) = default;
};

/// Consecutive entries of one epoch: the run's first index, and its last index and hash. Those of
/// the whole log fit in memory, so epochs and hashes at their ends never need the disk.
struct EpochSpan {
  Epoch epoch;
  Index first;
  Index last;
  EntryHash last_hash;

  friend bool operator==(const EpochSpan&, const EpochSpan&) = default;
};

/// The log as recovered: summaries of all of it above the base, and the newest entries themselves.
struct RecoveredLog {
  Base base;
  std::vector<EpochSpan> epochs;
  /// Every view above the base, in order.
  std::vector<PlacedView> views;
  /// The end of the log; the base's head when the log is empty.
  ChainHead head;
  /// The newest entries, consecutive up to `head`, within the limit asked for.
  std::deque<EntryRun> tail;
};

/// All that a member knows when it starts.
struct RestoredState {
  Identity identity;
  BootSeq boot;
  HardState hard_state;
  RecoveredLog log;
  /// Which of its states the application has to open.
  StateGeneration state{1};
  /// That state was found to differ from what most members have.
  bool state_diverged = false;
  /// What the application has applied and made durable; nothing for one that never applied.
  std::optional<Mark> applied;
};

}  // namespace gms::model
