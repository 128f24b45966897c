#pragma once

#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "gms/core/message.hpp"
#include "gms/core/progress.hpp"
#include "gms/core/read_barrier.hpp"
#include "gms/core/sender_rows.hpp"
#include "gms/core/trace.hpp"

namespace gms::core {

// What an engine knows in each role and in no other.

/// Joiner, learner or follower, by what its log says of it.
struct Following {
  /// None while it is not known.
  model::MemberId leader;
  model::BootSeq leader_boot;
  std::optional<model::Instant> last_contact;
};

/// Members that answered a question, each counted once.
struct Ballot {
  std::vector<model::MemberId> granted;
  std::vector<model::MemberId> refused;

  void grant(const model::MemberId& from);
  void refuse(const model::MemberId& from);
};

struct Precampaigning {
  Ballot ballot;
};

struct Campaigning {
  Ballot ballot;
  /// The own vote counts when this order is durable.
  model::PersistSeq own_vote;
};

/// A member that is being brought up to date before it may vote.
struct Joining {
  model::Member member;
  model::Instant progressed_at;
  model::Index progressed_to;
  /// Heartbeats it has answered: only then is it fed, so that a half-connected one never is.
  unsigned heartbeats = 0;
  std::size_t rounds = 0;
  /// Where the current round ends, and when it started.
  model::Index target;
  model::Instant round_started;
  bool ready = false;
  /// Asked for its state then, where states are compared: by this heartbeat, about what was applied
  /// here.
  model::HeartbeatSeq asked_by;
  model::Index asked_about;
  model::Instant asked_at;
  /// The newest epoch that it was in, and the latest heartbeat of this leader's that it answered
  /// from there. That confirms no round of reads: it may have voted for another leader by then.
  model::Epoch epoch_seen;
  model::HeartbeatSeq answered_ahead;
};

/// A member that asked for an index to read at, and the number of its read here.
struct ReadAsked {
  model::Ticket number;
  model::MemberId from;
  model::Ticket id;
};

struct Transferring {
  model::MemberId target;
  model::Instant deadline;
  bool asked = false;
};

struct Leading {
  /// Every other voter and every joiner, sorted by id.
  std::vector<Progress> peers;
  /// Oldest request first.
  std::vector<Joining> joining;
  /// Members that were asked to leave, oldest request first.
  std::vector<model::MemberId> leaving;

  model::Index epoch_start;
  bool own_epoch_committed = false;
  /// The last view that this leader appended or inherited; the next waits for its commit [C4].
  model::Index pending_view;

  model::AppendId append_id;
  model::HeartbeatSeq heartbeat_seq;
  model::HeartbeatSeq confirmed;
  ReadBarrier reads;
  /// Reads that came before an entry of this epoch was committed.
  std::vector<model::Ticket> early_reads;

  /// Reads of members that do not lead, numbered here, and who asked for them. They wait for their
  /// round alone: what is applied is the asker's to see to.
  ReadBarrier asked_reads;
  std::deque<ReadAsked> askers;
  model::Ticket last_asked;

  std::optional<Transferring> transfer;
  /// After one that failed, nobody is chosen before this.
  model::Instant next_hand_over;
  /// The senders' rows as they will be when everything in the log is delivered.
  std::optional<SenderRows> rows_at_end;
  model::GroupClock clock_base;
  model::Instant elected_at;
  model::Instant next_heartbeat;
  model::Instant next_quorum_check;
  model::Instant next_policy;
  /// When this leader last lowered the quorum by an eviction.
  std::optional<model::Instant> lowered_at;

  /// What was committed an election timeout ago at least: who has not acknowledged that by now may
  /// be one whose disk hangs, though it answers heartbeats.
  model::Index pace;
  /// What will be that at the next check of the quorum.
  model::Index next_pace;

  [[nodiscard]] Progress* find(const model::MemberId& id);
  [[nodiscard]] const Progress* find(const model::MemberId& id) const;
  /// The peer of that id, made new if need be.
  Progress& add(const model::MemberId& id, model::Index next, model::Instant now);
  void remove(const model::MemberId& id);
  [[nodiscard]] Joining* find_joining(const model::MemberId& id);
  [[nodiscard]] const Joining* find_joining(const model::MemberId& id) const;
};

using Role = std::variant<Following, Precampaigning, Campaigning, Leading>;

}  // namespace gms::core
