#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gms/model/entry_run.hpp"
#include "gms/model/result.hpp"
#include "gms/model/state_sample.hpp"
#include "gms/model/state_transfer.hpp"
#include "gms/model/view.hpp"

namespace gms::core {

// What members say to each other. Each message says who may send it, and what it promises.

/// A candidate-to-be asks whether an election could be won. Changes nothing at the receiver [C20].
struct PreVote {
  /// The epoch that the sender would campaign in.
  model::Epoch campaign;
  /// The end of the sender's log.
  model::Position last;
  /// Where its view in force stands.
  model::Position view_position;

  friend bool operator==(const PreVote&, const PreVote&) = default;
};

struct PreVoteReply {
  model::Epoch campaign;
  bool granted = false;

  friend bool operator==(const PreVoteReply&, const PreVoteReply&) = default;
};

/// A candidate asks for the receiver's vote in the message's epoch.
struct Vote {
  model::Position last;
  model::Position view_position;
  /// The old leader asked the sender to take over: stickiness does not apply [C19].
  bool transfer = false;

  friend bool operator==(const Vote&, const Vote&) = default;
};

struct VoteReply {
  bool granted = false;

  friend bool operator==(const VoteReply&, const VoteReply&) = default;
};

/// The leader's entries after `previous`. Without entries it probes or spreads the commit.
struct Append {
  model::AppendId id;
  model::Position previous;
  model::EntryHash previous_hash;
  /// Consecutive runs.
  std::vector<model::EntryRun> entries;
  model::Index commit;

  friend bool operator==(const Append&, const Append&);
};

enum class AppendVerdict : std::uint8_t { accepted = 1, rejected = 2, stale = 3 };

/// `accepted`: everything up to `match` is durable at the sender and as the leader has it [C21].
/// `rejected`: the entry at `rejected` is missing or differs; go back to `hint`.
/// `stale`: the leader's epoch is over.
struct AppendReply {
  model::AppendId id;
  AppendVerdict verdict = AppendVerdict::accepted;
  model::Index match;
  model::Index rejected;
  model::Position hint;
  model::Index last_index;
  bool disk_full = false;
  /// What a stale heartbeat said, and of which epoch that was; else zero.
  model::HeartbeatSeq heartbeat_seq;
  model::Epoch heartbeat_epoch;

  friend bool operator==(const AppendReply&, const AppendReply&) = default;
};

struct Heartbeat {
  model::HeartbeatSeq seq;
  /// Never more than what the receiver is known to have.
  model::Index commit;

  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

/// How far the sender is with a snapshot.
struct Staging {
  model::SnapshotId id;
  /// Where the snapshot stands in the stream.
  model::Index index;
  std::uint64_t bytes = 0;

  friend bool operator==(const Staging&, const Staging&) = default;
};

/// Samples of its state that a member reports at a time.
inline constexpr std::size_t kStateSamplesMax = 4;

/// What a member says of its application's state, which has that number among its states.
struct StateReport {
  model::StateGeneration generation;
  /// Out of use since it was found to have diverged: the member wants a snapshot that stands there
  /// or after.
  std::optional<model::Index> wants_from;
  /// Oldest first; none of an application that gives none.
  std::vector<model::StateSample> samples;

  friend bool operator==(const StateReport&, const StateReport&) = default;
};

/// Sent at once, whatever the sender's disk does: silence means a dead process, not a slow disk.
struct HeartbeatReply {
  model::HeartbeatSeq seq;
  model::Index last_index;
  model::Index applied;
  bool disk_full = false;
  bool disk_low = false;
  /// While the sender fetches a snapshot.
  std::optional<Staging> staging;
  StateReport state;

  friend bool operator==(const HeartbeatReply&, const HeartbeatReply&) = default;
};

/// The leader asks a member that has everything to campaign at once [C19].
struct TimeoutNow {
  model::Position last;

  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

enum class AdminAction : std::uint8_t { leave = 1, transfer, evict, maintenance };

/// An operator's wish about a member.
struct AdminRequest {
  AdminAction action = AdminAction::leave;
  model::MemberId member;
  /// Of `maintenance`: for how long from now, at least; zero ends it.
  model::Duration ttl{};

  friend bool operator==(const AdminRequest&, const AdminRequest&) = default;
};

/// A member's drafts for the leader to order. `ticket` is never used again by that boot; receivers
/// drop what is not above the highest seen from the sender's boot, so a copy is never appended
/// again.
struct Forward {
  model::Ticket ticket;
  /// Drafts as of EntryRunBuilder; empty for an admin request.
  model::Payload drafts;
  std::optional<AdminRequest> admin;

  friend bool operator==(const Forward&, const Forward&);
};

enum class ForwardVerdict : std::uint8_t {
  accepted = 1,
  not_leader,
  busy,
  refused,
  // Reasons of a refusal that who asked tells from others, as if it had asked the leader itself.
  unavailable,
  not_found,
  invalid_argument
};

/// What a verdict other than `accepted` means to who asked.
[[nodiscard]] model::ErrorCode code_of(ForwardVerdict verdict);
/// The verdict that a leader's refusal is told by; `refused` for all that has none of its own.
[[nodiscard]] ForwardVerdict verdict_of(model::ErrorCode code);

struct ForwardReply {
  model::Ticket ticket;
  ForwardVerdict verdict = ForwardVerdict::accepted;
  /// Where the first draft was appended, if accepted; the view that an admin request made.
  model::Position first;
  model::MemberId leader;
  std::string detail;

  friend bool operator==(const ForwardReply&, const ForwardReply&) = default;
};

/// A member that is not in the view, or cannot tell, asks to be. Goes to any member, which passes
/// it on to its leader once.
struct JoinRequest {
  model::Member member;
  model::BootSeq boot;
  /// The end of the joiner's log.
  model::Position last;
  bool passed_on = false;

  friend bool operator==(const JoinRequest&, const JoinRequest&) = default;
};

enum class JoinVerdict : std::uint8_t { accepted = 1, busy, refused, already };

struct JoinReply {
  JoinVerdict verdict = JoinVerdict::accepted;
  /// Where the view that has the joiner stands, for `already`.
  model::Position view_position;
  std::string detail;

  friend bool operator==(const JoinReply&, const JoinReply&) = default;
};

/// The receiver is not in the sender's committed view. Never sent of an uncommitted one [C10].
struct NotInView {
  model::PlacedView view;
  /// `leave`: the receiver was asked to leave, and stays away. `evict`: it may join again; also
  /// when the sender's log does not tell.
  model::ViewCause removed_by = model::ViewCause::evict;

  friend bool operator==(const NotInView&, const NotInView&) = default;
};

/// The leader saw the receiver lose what it had acknowledged [C21].
struct Regressed {
  model::Index match;
  model::AppendId id;

  friend bool operator==(const Regressed&, const Regressed&) = default;
};

/// The leader's log begins after what the receiver needs: it is to begin with this snapshot.
struct SnapshotOffer {
  model::SnapshotMeta meta;
  /// The first entry that the leader's log has.
  model::Index log_start;

  friend bool operator==(const SnapshotOffer&, const SnapshotOffer&) = default;
};

enum class SnapshotVerdict : std::uint8_t { has_it = 1, fetching, failed };

/// What became of the snapshot `id`: the sender has everything up to `commit` anyhow, or fetches
/// it, or another that it began earlier, or could not.
struct SnapshotReply {
  model::SnapshotId id;
  SnapshotVerdict verdict = SnapshotVerdict::fetching;
  model::Index commit;

  friend bool operator==(const SnapshotReply&, const SnapshotReply&) = default;
};

/// A member asks the leader for an index that a linearizable read must see applied. `id` is never
/// used again by that boot, and one is under way at a time.
struct ReadIndexRequest {
  model::Ticket id;

  friend bool operator==(const ReadIndexRequest&, const ReadIndexRequest&) = default;
};

/// Everything acknowledged before the request was sent is at or below `index`.
struct ReadIndexReply {
  model::Ticket id;
  model::Index index;

  friend bool operator==(const ReadIndexReply&, const ReadIndexReply&) = default;
};

/// The leader saw that the receiver's state of that generation differs from what a quorum has.
struct StateDiverged {
  model::StateGeneration generation;
  /// Where it was seen.
  model::Index index;

  friend bool operator==(const StateDiverged&, const StateDiverged&) = default;
};

using MessageBody = std::variant<PreVote, PreVoteReply, Vote, VoteReply, Append, AppendReply,
                                 Heartbeat, HeartbeatReply, TimeoutNow, Forward, ForwardReply,
                                 JoinRequest, JoinReply, NotInView, Regressed, SnapshotOffer,
                                 SnapshotReply, ReadIndexRequest, ReadIndexReply, StateDiverged>;

/// One message between two members of one group.
struct Message {
  model::GroupId group;
  model::MemberId from;
  model::BootSeq from_boot;
  /// None in a JoinRequest to an address.
  model::MemberId to;
  /// The sender's epoch.
  model::Epoch epoch;
  MessageBody body;

  friend bool operator==(const Message&, const Message&) = default;
};

/// The message's name, as traces and scripts show it.
[[nodiscard]] std::string_view name_of(const MessageBody& body);

}  // namespace gms::core
