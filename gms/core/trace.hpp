#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "gms/model/view.hpp"

namespace gms::core {

// What an engine did, typed, for logs, `kvctl events`, tests and checkers. Nothing depends on them.

enum class RoleName : std::uint8_t { joiner, learner, follower, precandidate, candidate, leader };
[[nodiscard]] std::string_view to_string(RoleName role);

enum class RoleReason : std::uint8_t {
  started,
  timed_out,
  leader_crashed,
  prevote_won,
  prevote_refused,
  vote_refused,
  asked_to_take_over,
  election_won,
  higher_epoch,
  leader_heard,
  quorum_lost,
  disk_stalled,
  view_changed,
  excluded,
  joiner_ahead,
  snapshot_installed,
};
[[nodiscard]] std::string_view to_string(RoleReason reason);

struct RoleChanged {
  model::Epoch epoch;
  RoleName from = RoleName::follower;
  RoleName to = RoleName::follower;
  RoleReason reason = RoleReason::started;
};
/// This member follows `leader` in `epoch` from now on; none when it lost its leader.
struct LeaderChanged {
  model::Epoch epoch;
  model::MemberId leader;
};
struct VoteGranted {
  model::Epoch epoch;
  model::MemberId candidate;
};
struct EntriesAppended {
  model::Epoch epoch;
  model::Index first;
  model::Index last;
};
struct LogTruncated {
  model::Index from;
  model::Index last;
};
struct CommitAdvanced {
  model::Epoch epoch;
  model::Index commit;
};
struct ViewProposed {
  model::PlacedView view;
};
struct ViewCommitted {
  model::PlacedView view;
};
struct MemberSuspected {
  model::MemberId member;
  model::Duration silence{};
  /// By a closed connection rather than by silence.
  bool process_dead = false;
};
/// Why a voter is evicted: it lost what it acknowledged, another member takes its place, it was
/// silent for too long, or an operator asked for it.
enum class EvictionReason : std::uint8_t { silent, regressed, replaced, asked };
[[nodiscard]] std::string_view to_string(EvictionReason reason);

struct MemberEvicted {
  model::MemberId member;
  EvictionReason reason = EvictionReason::silent;
  model::Duration silence{};
};
struct JoinerProgress {
  model::MemberId member;
  std::string step;
};
struct TransferStarted {
  model::MemberId target;
};
struct TransferAborted {
  model::MemberId target;
};
struct MemberExcluded {
  model::PlacedView view;
};
struct MemberRegressed {
  model::MemberId member;
  model::Index acknowledged;
  model::Index found;
};
struct StallNoticed {
  model::Duration gap{};
};
/// A multicast that the sender's row or view does not admit.
struct MulticastDropped {
  model::Index index;
  model::MemberId sender;
};

/// The log begins after `last` now.
struct LogTrimmed {
  model::Index first;
  model::Index last;
};
/// The application's state was taken, for others to begin with.
struct SnapshotMade {
  model::SnapshotId id;
  model::Index index;
  std::uint64_t bytes = 0;
};
struct SnapshotOffered {
  model::MemberId member;
  model::SnapshotId id;
  model::Index index;
};
/// This member begins to bring it here.
struct SnapshotFetched {
  model::SnapshotId id;
  model::MemberId source;
  model::Index index;
};
struct SnapshotDropped {
  model::SnapshotId id;
  std::string why;
};
/// The application and the log go on from the snapshot's position.
struct SnapshotInstalled {
  model::SnapshotId id;
  model::Position position;
  bool keeps_tail = false;
};

/// What the member's application made of the stream up to `index` is not what a quorum made of it:
/// its state is out of use.
struct MemberDiverged {
  model::MemberId member;
  model::Index index;
};
/// The application found damage in its state, which stands at `index`: it is out of use.
struct StateDamaged {
  model::Index index;
};
/// The member and this leader differ up to `index`, and no quorum agrees on either state.
struct StateDisputed {
  model::MemberId member;
  model::Index index;
};
/// Another state is in the place of one that was out of use.
struct StateMended {
  model::Position position;
};

using TraceEvent =
    std::variant<RoleChanged, LeaderChanged, VoteGranted, EntriesAppended, LogTruncated,
                 CommitAdvanced, ViewProposed, ViewCommitted, MemberSuspected, JoinerProgress,
                 TransferStarted, TransferAborted, MemberExcluded, MemberRegressed, StallNoticed,
                 MulticastDropped, MemberEvicted, LogTrimmed, SnapshotMade, SnapshotOffered,
                 SnapshotFetched, SnapshotDropped, SnapshotInstalled, MemberDiverged, StateDisputed,
                 StateMended, StateDamaged>;

/// The event's name, such as `role_changed`.
[[nodiscard]] std::string_view name_of(const TraceEvent& event);
/// One line for people: fields, without the name.
[[nodiscard]] std::string describe(const TraceEvent& event);

}  // namespace gms::core
