#pragma once

#include <deque>
#include <map>
#include <optional>

#include "gms/core/delivery.hpp"
#include "gms/core/effect_writer.hpp"
#include "gms/core/engine.hpp"
#include "gms/core/entry_log.hpp"
#include "gms/core/follower_reads.hpp"
#include "gms/core/multicast_outbox.hpp"
#include "gms/core/peer_table.hpp"
#include "gms/core/random.hpp"
#include "gms/core/roles.hpp"
#include "gms/core/state_samples.hpp"
#include "gms/core/trim_points.hpp"
#include "gms/core/view_policy.hpp"

namespace gms::core {

/// Heartbeat rounds under way while reads still start another; later ones share the next.
inline constexpr std::uint64_t kReadRoundsMax = 2;
/// Heartbeats that a joiner answers before it is fed.
inline constexpr unsigned kJoinHeartbeats = 3;

/// The engine's state and the rooms that work on it. Each group of functions below is one file, and
/// one section of docs/protocol.md.
struct Engine::Parts {
  Parts(EngineSettings engine_settings, model::RestoredState state, model::Instant at);

  // ---- engine.cpp: composition, dispatch by role and message, what every step ends with
  void start();
  void begin(model::Instant at, Effects& effects);
  void finish();
  void dispatch(const Message& message);
  /// Decides by group, address, boot and epoch whether a message is for its handler [C9] [C10].
  [[nodiscard]] bool admit(const Message& message);
  [[nodiscard]] bool admit_address(const Message& message);
  [[nodiscard]] bool admit_epoch(const Message& message);
  void on_higher_epoch_reply(const Message& message);
  void answer_lower_epoch(const Message& message);
  void update_known_peers();
  void know_peer(const model::Member& member);
  void retire_peers();
  /// Its address is forgotten some time from now, unless it is a voter or joins.
  void retire_peer(const model::MemberId& member);
  void forget_retired();
  void fatal(std::string why);
  void fatal_forgotten();
  void ignore(const Message&) {}

  void on(Tick);
  void on(Received input);
  void on(Durable input);
  void on(Applied input);
  void on(Propose input);
  void on(Multicast input);
  void on(Read input);
  void on(Admin input);
  void on(LocalHealth input);
  void on(PeerConnected input);
  void on(PeerDisconnected input);
  void on(PeerDown input);
  void on(EntriesRead input);
  void on(StateDurable input);
  void on(SnapshotTaken input);
  void on(SnapshotProgress input);
  void on(SnapshotStaged input);
  void on(SnapshotFetchFailed input);
  void on(DamageFound);

  // ---- election.cpp
  [[nodiscard]] RoleName role_name() const;
  void change_role(Role next, RoleReason reason);
  /// Traces the role if it is another than the one traced last.
  void show_role(RoleReason reason);
  void become_follower(model::Epoch epoch, model::MemberId leader, RoleReason reason);
  void hear_leader(const Message& message);
  void forget_leader();
  [[nodiscard]] bool sticky() const;
  [[nodiscard]] bool can_campaign() const;
  void reset_election_deadline();
  void await_votes();
  void on_election_timeout(RoleReason reason);
  void start_prevote(RoleReason reason);
  void start_election(RoleReason reason);
  void tally_prevotes();
  void tally_votes();
  void become_leader();
  void set_hard_state(model::HardState next);
  void on_prevote(const Message& message);
  void on_prevote_reply(const Message& message);
  void on_vote(const Message& message);
  void on_vote_reply(const Message& message);
  void on_not_in_view(const Message& message);
  /// Tells the sender if a committed view newer than its own is without it.
  bool tell_not_in_view(const Message& message, const model::Position& view_position);
  /// What a member is told that the committed view is without.
  [[nodiscard]] NotInView not_in_view(const model::MemberId& member) const;
  /// This member was asked to leave and did: it does not come back by itself.
  [[nodiscard]] bool has_left() const;

  // ---- follower.cpp
  void on_append(const Message& message);
  void on_second_leader(const Message& message);
  [[nodiscard]] bool has_all_of(const Append& append) const;
  [[nodiscard]] bool append_fits(const Message& message, const Append& append);
  void reject(const Message& message, const Append& append, model::Position hint);
  [[nodiscard]] bool store(const Append& append);
  [[nodiscard]] bool store_run(const model::EntryRun& run, model::ChainHead& before);
  void on_heartbeat(const Message& message);
  void on_regressed(const Message& message);

  // ---- replication.cpp: the leader's side
  model::EntryRun append_local(model::EntryRunBuilder& drafts);
  void append_kind(model::EntryKind kind, model::ByteSpan payload);
  [[nodiscard]] model::GroupClock group_clock(const Leading& leading) const;
  void replicate_all(Leading& leading);
  /// Whether entries may go to the peer.
  [[nodiscard]] bool is_fed(const Leading& leading, const Progress& peer) const;
  /// Whether the peer needs entries that the log no longer has, so that only a state helps it.
  [[nodiscard]] bool lacks_entries(const Progress& peer) const;
  [[nodiscard]] static bool has_state_in_use(const Progress& peer) {
    return !peer.diverged && !peer.reported.wants_from;
  }
  void replicate(Leading& leading, Progress& peer);
  /// The next Append, so far without entries.
  [[nodiscard]] Append append_after(Leading& leading, const model::Position& previous,
                                    const model::EntryHash& hash);
  void send_append(Leading& leading, Progress& peer, std::vector<model::EntryRun> entries);
  void send_probe_of_end(Leading& leading, Progress& peer);
  void on_append_reply(const Message& message);
  void on_accepted(Leading& leading, Progress& peer, const AppendReply& reply);
  void on_rejected(Leading& leading, Progress& peer, const AppendReply& reply);
  void on_entries_for_peer(Leading& leading, const model::ReadAnswer& answer);

  // ---- state_transfer.cpp: a snapshot for who needs what the log no longer has
  /// The peer gets a snapshot: the one that there is, or a new one as soon as it is taken.
  void offer_snapshot(const Leading& leading, Progress& peer);
  void take_snapshot();
  void release_shelf();
  void release_unused_shelf(const Leading* leading);
  void send_offer(Progress& peer);
  /// What was offered to the peer is of no use to it.
  void forget_offer(Leading& leading, Progress& peer);
  void on_snapshot_reply(const Message& message);
  void on_staging(Leading& leading, Progress& peer, const HeartbeatReply& reply);
  void on_snapshot_offer(const Message& message);
  [[nodiscard]] bool has_entry(const model::ChainHead& head) const;
  void install(const model::SnapshotMeta& meta);

  // ---- quarantine.cpp: a state that differs from what most members have
  [[nodiscard]] StateReport state_report() const;
  /// Where a state has to stand at least that takes the place of this one.
  [[nodiscard]] model::Index needs_from() const;
  void on_state_diverged(const Message& message);
  /// This member's state was seen to have diverged at `index`.
  void quarantine(model::Index index);
  void put_out_of_use(const TraceEvent& why);
  void begin_quarantine();
  void refuse_diverged(model::Ticket first, std::uint64_t count);
  /// A leader whose own state is out of use hands over.
  void give_way(Leading& leading);
  /// `from` as of judge().
  [[nodiscard]] StateJudgement judge_states(const Leading& leading, model::Index from) const;
  void on_state_report(Leading& leading, Progress& peer, const HeartbeatReply& reply);
  /// Whether this leader's state may be the wrong one of two, and is not to be handed on.
  [[nodiscard]] bool is_in_dispute(const Leading& leading) const;
  /// Whether somebody's state is known to differ, and which is right is not.
  [[nodiscard]] bool states_differ(const Leading& leading) const;
  [[nodiscard]] bool is_unsettled(const Leading& leading, const Progress& peer) const;
  /// Whether the peer may be given this leader's state, in a dispute too if it is needed.
  [[nodiscard]] bool may_have_state(const Leading& leading, const Progress& peer) const;
  /// Whether the group orders nothing until this voter has a state that goes on with the log.
  [[nodiscard]] bool is_needed(const Leading& leading, const Progress& peer) const;
  void note_dispute(Progress& peer, model::Index index);
  /// Brings the peer, whose state has diverged, another one.
  void mend(Leading& leading, Progress& peer, const HeartbeatReply& reply);

  // ---- trim.cpp: cutting the log's oldest entries
  struct Retained {
    std::size_t entries = 0;
    std::size_t bytes = 0;
  };
  /// How much of the log is kept for members that were away for a short while.
  [[nodiscard]] Retained retained() const;
  void note_trim_point();
  /// How far the log may be trimmed, but for the bytes that are to be kept.
  [[nodiscard]] model::Index trim_bound() const;
  /// The index after which the peer may still need entries; nothing if it is not waited for.
  [[nodiscard]] std::optional<model::Index> pinned_by(const Progress& peer) const;
  void trim();

  // ---- commit.cpp: commit, delivery and reads
  void maybe_commit(Leading& leading);
  void advance_commit(model::Index commit);
  void on_own_epoch_committed(Leading& leading);
  void on_views_committed(Leading& leading);
  void deliver();
  void release_reads();
  void serve_read(Leading& leading, model::Ticket ticket);
  void confirm_rounds(Leading& leading);

  // ---- follower_reads.cpp: reads at a member that does not lead
  void read_elsewhere(model::Ticket ticket);
  void ask_read_index();
  void on_read_index_request(const Message& message);
  void on_read_index_reply(const Message& message);
  /// At a leader: requests that are confirmed are answered.
  void answer_read_requests(Leading& leading);
  void release_follower_reads();
  /// What was not answered in time is asked again, under another id.
  void expire_read_request();
  /// Reads that are not served yet end as `not_leader`.
  void fail_follower_reads();

  // ---- liveness.cpp: heartbeats, silence, stalls, the crash hint
  void notice_stall(model::Duration gap);
  void lead(Leading& leading);
  void broadcast_heartbeat(Leading& leading);
  void send_heartbeat(Leading& leading, const Progress& peer);
  void on_heartbeat_reply(const Message& message);
  [[nodiscard]] bool quorum_active(const Leading& leading) const;
  void check_quorum(Leading& leading);
  void check_disk(Leading& leading);
  void suspect_crash(const model::MemberId& member);
  void arm_crash_hint(const model::MemberId& crashed);

  // ---- views.cpp: the view policy's facts, and proposing what it decides
  [[nodiscard]] VoterFacts voter_facts(const Leading& leading, const model::MemberId& id) const;
  [[nodiscard]] PolicyFacts policy_facts(const Leading& leading) const;
  void run_policy(Leading& leading);
  void propose_view(Leading& leading, const ViewChange& change);
  [[nodiscard]] bool can_propose_view(const Leading& leading) const;
  /// What the leader keeps of a change besides the view.
  void note_change(Leading& leading, const ViewChange& change);
  void trace_reason(const ViewChange& change, const std::vector<VoterFacts>& voters);

  // ---- joining.cpp
  void ask_to_join();
  [[nodiscard]] bool wants_to_join() const;
  void on_join_request(const Message& message);
  void admit_joiner(Leading& leading, const JoinRequest& request);
  [[nodiscard]] std::optional<std::string> why_refused(const Leading& leading,
                                                       const JoinRequest& request) const;
  void answer_join(const JoinRequest& request, JoinReply reply);
  void on_join_reply(const Message& message);
  void on_joiner_heartbeat(Leading& leading, Joining& joining, Progress& peer);
  /// A reply of a higher epoch came from a member that is no voter.
  void on_joiner_ahead(Leading& leading, const Message& message);
  /// Goes on in an epoch above the joiner's, if it may [C10].
  void bump_epoch(const Joining& joining);
  void drop_joiner(Leading& leading, const model::MemberId& id);
  void check_joiner(Leading& leading, Joining& joining, const Progress& peer);
  /// It has caught up, and a view that has it can go on.
  bool may_vote(const Joining& joining) const;
  /// It has not said yet what its state is, or others may be about to say whether that is wrong.
  bool is_in_question(const Joining& joining, const Progress& peer) const;
  void drop_stuck_joiners(Leading& leading);

  // ---- transfer.cpp: handing leadership over
  void start_transfer(Leading& leading, const model::MemberId& target);
  void check_transfer(Leading& leading);
  void abort_transfer(Leading& leading);
  [[nodiscard]] bool may_take_over(const model::MemberId& member) const;
  [[nodiscard]] std::optional<model::MemberId> best_successor(const Leading& leading) const;
  void on_timeout_now(const Message& message);

  // ---- admin.cpp: operators' requests, at the member that was asked and at the leader
  struct Wish;
  [[nodiscard]] model::MemberId known_leader() const;
  /// Moves every wish on, and completes those that are done or cannot be.
  void see_to_wishes();
  /// How the wish ended, if it did: no error means done.
  [[nodiscard]] std::optional<Completed> see_to(Wish& wish);
  [[nodiscard]] bool is_done(const Wish& wish) const;
  [[nodiscard]] std::optional<model::Error> ask_leader_for(Wish& wish);
  [[nodiscard]] std::optional<model::Error> note_answer(
      Wish& wish, const model::Result<model::Position>& answer);
  [[nodiscard]] bool is_committed(const model::Position& at) const;
  [[nodiscard]] std::optional<model::Error> why_no_transfer(const Wish& wish) const;
  [[nodiscard]] bool answers_wish(const ForwardReply& reply);
  [[nodiscard]] model::Instant deadline_of(const Wish& wish) const;
  /// Does what an operator wants, or sees to it later. Returns the view that stands for it, where
  /// one does already: it is done when that is committed.
  [[nodiscard]] model::Result<model::Position> administer(Leading& leading,
                                                          const AdminRequest& request);
  [[nodiscard]] std::optional<model::Error> leave(Leading& leading, const model::MemberId& member);
  [[nodiscard]] std::optional<model::Error> hand_over(Leading& leading,
                                                      const model::MemberId& member);
  [[nodiscard]] std::optional<model::Error> evict(Leading& leading, const model::MemberId& member);
  [[nodiscard]] std::optional<model::Error> maintain(Leading& leading, const AdminRequest& request);

  // ---- proposals.cpp: what is to be ordered, here or by the leader
  [[nodiscard]] std::optional<model::Error> why_not_now(const Leading& leading,
                                                        std::size_t bytes) const;
  void forward(Forward request, model::Ticket first, std::uint64_t count);
  void on_forward(const Message& message);
  [[nodiscard]] ForwardReply take_forward(Leading& leading, const Message& message,
                                          const Forward& request);
  void on_forward_reply(const Message& message);
  void expire_forwards();
  void fail_forwards();
  /// The oldest that are not delivered: of those that did not go in last time a part.
  void resend_multicasts();
  /// The same to a leader that has not seen them.
  void resend_all_multicasts();
  void hand_on_multicasts(const model::Payload& drafts);
  void abandon_multicasts();
  void append_own_multicasts(Leading& leading, Multicast& input);
  void append_multicasts(Leading& leading, model::ByteSpan drafts);
  /// Those that will be delivered where they would stand, which are admitted to the rows by this.
  /// One that comes after a gap goes in, too: its drop tells the sender.
  [[nodiscard]] model::ByteSpan in_turn(Leading& leading, model::ByteSpan drafts);
  void append_copies(model::ByteSpan drafts);
  [[nodiscard]] SenderRows* rows_at_end(Leading& leading) const;

  // ---- state
  const EngineSettings settings;
  const Config& config = settings.config;
  const model::MemberId self;
  const model::BootSeq boot;
  model::Instant now;
  model::Instant last_tick;
  Random random;

  EffectWriter out;
  EntryLog log;
  model::HardState hard_state;
  Delivery delivery;
  MulticastOutbox outbox;
  PeerTable peers;
  Role role;
  RoleName shown_role = RoleName::joiner;

  model::PersistSeq durable;
  /// When the orders to the log that are not durable were given.
  std::deque<std::pair<model::PersistSeq, model::Instant>> orders;
  model::StorageHealth health;

  model::Instant election_deadline;
  /// Until then campaigns are quick, because the leader's process is known to be dead.
  model::Instant hint_until;
  /// Until then nobody is suspected, because this process itself stood still.
  model::Instant stall_until;
  std::uint64_t campaigns = 0;

  /// The committed view that this member learnt it is not in, and why.
  std::optional<NotInView> excluded;
  /// When this member last heard a leader, or started.
  model::Instant lonely_since;
  model::Instant next_join;
  model::Duration join_backoff;
  std::size_t join_attempts = 0;
  /// For whose sake this member changed the epoch while it led, and when.
  std::map<model::MemberId, model::Instant> bumped_for;

  struct Forwarded {
    model::Ticket id;
    model::Ticket first;
    std::uint64_t count = 0;
    model::Instant expires;
  };
  std::deque<Forwarded> forwarded;

  /// An operator's request, which the member that was asked sees to until it is done.
  struct Wish {
    enum class Stage { unasked, asked, taken };
    model::Ticket ticket;
    AdminRequest request;
    model::Instant expires;
    Stage stage = Stage::unasked;
    /// The epoch whose leader was asked, and by which Forward if that is another member.
    model::Epoch epoch;
    model::Ticket forward;
    /// Where the view stands that the leader made for it.
    model::Position at;
    /// When to ask again; of a transfer that was taken, when it has failed.
    model::Instant again;
  };
  std::deque<Wish> wishes;
  model::Ticket last_forward;
  model::Instant next_resend;
  /// What was sent again last: the first, and how many bytes with those behind it.
  model::MulticastSeq resent_from;
  std::size_t resent_bytes = 0;

  FollowerReads follower_reads;

  /// The peers whose addresses the driver has.
  std::map<model::MemberId, std::string> known_peers;
  model::Position known_peers_of;
  /// Peers that are in no view any more, and when to forget their addresses.
  std::map<model::MemberId, model::Instant> retired;
  /// The snapshot that this leader has for others, or has asked for.
  struct Shelf {
    model::SnapshotId id;
    /// Where it stands, or nowhere below this while it is taken.
    model::Index index;
    std::optional<model::SnapshotMeta> meta;
  };
  std::optional<Shelf> shelf;
  /// After one that failed, not before this.
  model::Instant next_snapshot;

  /// The snapshot that is being brought here.
  struct Fetching {
    model::SnapshotMeta meta;
    std::uint64_t bytes = 0;
  };
  std::optional<Fetching> fetching;
  /// The order of an install that is not durable yet.
  std::optional<model::PersistSeq> installing;
  /// Until then a crash would bring back the state of before, which is out of use.
  std::optional<model::PersistSeq> mended_by;
  model::StateGeneration state_generation;

  /// What a crash would leave to the application.
  model::Index state_durable;
  TrimPoints trim_points;
  model::Index last_trim_point;
  model::Instant next_trim;

  StateSamples samples;
  /// The application's state differs from what most members have. Nothing is delivered to it.
  bool diverged = false;
  /// The order that says so to the next boot.
  model::PersistSeq divergence_order;

  /// Entries for the application are being read from the log's files.
  bool reading_for_delivery = false;
  /// This incarnation lost what it had acknowledged: it stops when that is written down.
  std::optional<model::PersistSeq> stop_after;
  bool stopped = false;
};

}  // namespace gms::core
