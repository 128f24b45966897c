#pragma once

#include <vector>

#include "gms/core/trace.hpp"
#include "gms/model/view.hpp"

namespace gms::core {

/// How a leader feeds a follower: `probe` one message at a time until the logs meet, `replicate`
/// with a window, `reading` while older entries come from the leader's log files, `snapshot` while
/// it is to fetch a snapshot because the log begins after what it needs.
enum class ProgressState : std::uint8_t { probe, reading, replicate, snapshot };
[[nodiscard]] std::string_view to_string(ProgressState state);

/// What a leader knows of one member.
struct PeerStatus {
  model::MemberId id;
  bool voter = false;
  ProgressState state = ProgressState::probe;
  /// Durable there.
  model::Index match;
  model::Index next;
  std::size_t inflight = 0;
  /// What it last said it has applied.
  model::Index applied;
  model::Duration silence{};
  bool regressed = false;
  /// Its state is out of use.
  bool diverged = false;
  /// Its state differs from this leader's, and no quorum agrees on either.
  bool disputed = false;
  /// It could acknowledge a new entry: what comes before that is there or will be, and so is room
  /// on its disk. Where it could not, it is not counted on for a view without another voter.
  bool takes_entries = true;
  /// Its state is in use, and lacks nothing that this leader's log has no more.
  bool keeps_state = true;
  /// Of the snapshot that it fetches, if it does: bytes that are there.
  std::optional<std::uint64_t> snapshot_bytes;
};

/// What an engine knows at one moment.
struct Status {
  model::MemberId self;
  RoleName role = RoleName::joiner;
  model::Epoch epoch;
  /// None while no leader is known.
  model::MemberId leader;
  /// The log begins after this.
  model::Index base;
  model::Index last;
  /// Durable here.
  model::Index stable;
  model::Index commit;
  model::Index delivered;
  model::Index applied;
  /// The latest view in the log, committed or not.
  model::PlacedView view_in_log;
  model::PlacedView committed_view;
  /// Not in the group's committed view, though it was.
  bool excluded = false;
  /// Its state differs from what a quorum has, and is out of use until it is replaced.
  bool diverged = false;
  bool disk_full = false;
  bool disk_low = false;
  std::size_t uncommitted_bytes = 0;
  std::size_t reads_pending = 0;
  std::size_t multicasts_pending = 0;
  /// Orders to the log that are not durable.
  std::uint64_t persists_pending = 0;
  /// Elections that this member started in this boot.
  std::uint64_t campaigns = 0;
  /// At a leader: every other voter and learner.
  std::vector<PeerStatus> peers;
};

}  // namespace gms::core
