#include "gms/core/engine.hpp"

#include <algorithm>
#include <array>

#include "gms/core/engine_parts.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

namespace {

Mark first_mark(const RestoredState& state) {
  if (state.applied) return *state.applied;
  return {state.log.base.head, state.log.base.view, {}};
}

/// Times election_min for which the address of a member that left is kept.
constexpr int kRetireElections = 4;

/// Tickets of forwards say which boot they are of, so that none is used twice.
constexpr int kForwardsPerBootBits = 32;

template <class... Bodies>
bool is_any(const MessageBody& body) {
  return (std::holds_alternative<Bodies>(body) || ...);
}

bool is_from_leader(const MessageBody& body) {
  return is_any<Append, Heartbeat, SnapshotOffer>(body);
}

/// Answers, whose epoch tells that the sender has moved on.
bool is_reply(const MessageBody& body) {
  return is_any<AppendReply, HeartbeatReply, VoteReply, PreVoteReply, SnapshotReply>(body);
}

/// Messages that say the same in any epoch.
bool is_epochless(const MessageBody& body) {
  if (const auto* reply = std::get_if<PreVoteReply>(&body)) return reply->granted;
  return is_any<PreVote, Forward, ForwardReply, JoinRequest, JoinReply, NotInView>(body);
}

}  // namespace

Engine::Parts::Parts(EngineSettings engine_settings, RestoredState state, Instant at)
    : settings(std::move(engine_settings)),
      self(state.identity.self),
      boot(state.boot),
      now(at),
      last_tick(at),
      random(settings.seed),
      out(self, boot, state.identity.group),
      log(state.log, config.tail_bytes_max),
      hard_state(state.hard_state),
      delivery(self, first_mark(state),
               {config.deliver_bytes_max, config.apply_bytes_max, config.sample_interval}),
      outbox(self, boot),
      lonely_since(at),
      next_join(at),
      join_backoff(config.join_retry),
      last_forward(boot.value() << kForwardsPerBootBits),
      next_resend(at),
      next_snapshot(at),
      state_generation(state.state),
      state_durable(delivery.commit()),
      trim_points(config.trim_step_bytes),
      last_trim_point(delivery.commit()),
      next_trim(at),
      samples(config.sample_interval, config.samples_max),
      diverged(state.state_diverged) {
  GMS_ASSERT(delivery.commit() >= log.base().head.position.index, "I20");
  GMS_ASSERT(delivery.commit() <= log.last_index(), "I20");
  if (delivery.commit() > log.base().head.position.index) trim_points.add(delivery.mark().head, 0);
}

void Engine::Parts::start() {
  // No vote of an epoch that the log knows and the hard state does not can have left.
  if (log.last().epoch > hard_state.epoch) set_hard_state({log.last().epoch, MemberId()});
  update_known_peers();
  shown_role = role_name();
  out.trace(RoleChanged{hard_state.epoch, shown_role, shown_role, RoleReason::started});
  reset_election_deadline();
  if (diverged) begin_quarantine();
  if (log.view().view.members.size() == 1) on_election_timeout(RoleReason::started);
}

void Engine::Parts::begin(Instant at, Effects& effects) {
  GMS_ASSERT(at >= now, "DC6");
  now = at;
  out.begin(effects);
}

void Engine::Parts::finish() {
  if (stopped) return;
  deliver();
  if (!wishes.empty()) see_to_wishes();
  if (auto* leading = std::get_if<Leading>(&role)) {
    check_transfer(*leading);
    replicate_all(*leading);
  }
  release_reads();
  show_role(RoleReason::view_changed);
  update_known_peers();
  note_trim_point();
  log.shrink_memory(delivery.commit());
  if (orders.empty() ? out.last_order() > durable : orders.back().first < out.last_order())
    orders.emplace_back(out.last_order(), now);
}

void Engine::Parts::fatal(std::string why) {
  if (stopped) return;
  stopped = true;
  out.add(Fatal{{ErrorCode::corrupt, std::move(why)}});
}

void Engine::Parts::dispatch(const Message& message) {
  using P = Parts;
  using Handler = void (P::*)(const Message&);
  struct Row {
    Handler following;
    Handler precampaigning;
    Handler campaigning;
    Handler leading;
  };
  constexpr Handler kNone = &P::ignore;
  // One row a message, in the order of MessageBody; one column a role.
  static constexpr std::array<Row, std::variant_size_v<MessageBody>> kTable{{
      /* PreVote        */ {&P::on_prevote, &P::on_prevote, &P::on_prevote, &P::on_prevote},
      /* PreVoteReply   */ {kNone, &P::on_prevote_reply, kNone, kNone},
      /* Vote           */ {&P::on_vote, &P::on_vote, &P::on_vote, &P::on_vote},
      /* VoteReply      */ {kNone, kNone, &P::on_vote_reply, kNone},
      /* Append         */ {&P::on_append, &P::on_append, &P::on_append, &P::on_second_leader},
      /* AppendReply    */ {kNone, kNone, kNone, &P::on_append_reply},
      /* Heartbeat      */
      {&P::on_heartbeat, &P::on_heartbeat, &P::on_heartbeat, &P::on_second_leader},
      /* HeartbeatReply */ {kNone, kNone, kNone, &P::on_heartbeat_reply},
      /* TimeoutNow     */ {&P::on_timeout_now, kNone, kNone, kNone},
      /* Forward        */ {&P::on_forward, &P::on_forward, &P::on_forward, &P::on_forward},
      /* ForwardReply   */
      {&P::on_forward_reply, &P::on_forward_reply, &P::on_forward_reply, &P::on_forward_reply},
      /* JoinRequest    */
      {&P::on_join_request, &P::on_join_request, &P::on_join_request, &P::on_join_request},
      /* JoinReply      */ {&P::on_join_reply, &P::on_join_reply, &P::on_join_reply, kNone},
      /* NotInView      */ {&P::on_not_in_view, &P::on_not_in_view, &P::on_not_in_view, kNone},
      /* Regressed      */ {&P::on_regressed, kNone, kNone, kNone},
      /* SnapshotOffer  */
      {&P::on_snapshot_offer, &P::on_snapshot_offer, &P::on_snapshot_offer, &P::on_second_leader},
      /* SnapshotReply  */ {kNone, kNone, kNone, &P::on_snapshot_reply},
      /* ReadIndexRequest */ {kNone, kNone, kNone, &P::on_read_index_request},
      /* ReadIndexReply */ {&P::on_read_index_reply, kNone, kNone, kNone},
      /* StateDiverged  */ {&P::on_state_diverged, kNone, kNone, kNone},
  }};
  const Row& row = kTable[message.body.index()];
  const std::array<Handler, std::variant_size_v<Role>> by_role{row.following, row.precampaigning,
                                                               row.campaigning, row.leading};
  (this->*by_role[role.index()])(message);
}

bool Engine::Parts::admit(const Message& message) {
  if (!admit_address(message)) return false;
  const BootSeq known = peers.boot_of(message.from);
  if (!peers.admit(message.from, message.from_boot)) return false;
  if (message.from_boot > known) suspect_crash(message.from);
  // Who was asked to leave stays away, also from a leader that has forgotten it [C10].
  if (has_left() && (is_from_leader(message.body) || is_any<JoinReply>(message.body))) return false;
  return is_epochless(message.body) || admit_epoch(message);
}

bool Engine::Parts::admit_address(const Message& message) {
  if (message.from == self || message.from.is_none()) return false;
  const bool is_request = std::holds_alternative<JoinRequest>(message.body);
  const bool is_answer = std::holds_alternative<JoinReply>(message.body);
  const bool group_fits = message.group == out.group() || (is_request && message.group.is_none()) ||
                          (is_answer && out.group().is_none());
  if (!group_fits || (message.group.is_none() && !is_request)) return false;
  return message.to == self || (is_request && message.to.is_none());
}

bool Engine::Parts::admit_epoch(const Message& message) {
  if (message.epoch == hard_state.epoch) return true;
  if (message.epoch < hard_state.epoch) {
    answer_lower_epoch(message);
    return false;
  }
  if (const auto* vote = std::get_if<Vote>(&message.body)) {
    if (role_name() == RoleName::joiner || (!vote->transfer && sticky())) return false;
    become_follower(message.epoch, MemberId(), RoleReason::higher_epoch);
    return true;
  }
  if (is_from_leader(message.body)) {
    become_follower(message.epoch, MemberId(), RoleReason::higher_epoch);
    return true;
  }
  if (is_reply(message.body)) on_higher_epoch_reply(message);
  return false;
}

void Engine::Parts::on_higher_epoch_reply(const Message& message) {
  // Somebody outside the view cannot depose a leader [C10].
  const bool outsider = !log.view().view.has_voter(message.from);
  if (auto* leading = std::get_if<Leading>(&role); leading != nullptr && outsider)
    return on_joiner_ahead(*leading, message);
  become_follower(message.epoch, MemberId(), RoleReason::higher_epoch);
}

void Engine::Parts::answer_lower_epoch(const Message& message) {
  if (is_from_leader(message.body)) {
    // Frees a member that is stuck at a higher epoch: the leader learns of it and steps down.
    AppendReply stale;
    stale.verdict = AppendVerdict::stale;
    stale.last_index = log.last_index();
    if (const auto* beat = std::get_if<Heartbeat>(&message.body)) {
      stale.heartbeat_seq = beat->seq;
      stale.heartbeat_epoch = message.epoch;
    }
    if (const auto* append = std::get_if<Append>(&message.body)) stale.id = append->id;
    out.send(message.from, hard_state.epoch, stale);
  } else if (std::holds_alternative<Vote>(message.body)) {
    out.send(message.from, hard_state.epoch, VoteReply{false});
  }
}

void Engine::Parts::update_known_peers() {
  const PlacedView& view = log.view();
  if (view.position == known_peers_of && !view.view.members.empty()) return;
  known_peers_of = view.position;
  peers.note_voters(view.view);
  for (const Member& member : view.view.members)
    if (member.id != self) know_peer(member);
}

void Engine::Parts::know_peer(const Member& member) {
  const auto known = known_peers.find(member.id);
  if (known != known_peers.end() && known->second == member.peer_address) return;
  known_peers.insert_or_assign(member.id, member.peer_address);
  out.add(KnowPeer{member.id, member.peer_address});
}

void Engine::Parts::retire_peers() {
  // Answers may still be under way to a member that left: its address is kept for a while.
  const View& committed = log.view_at(delivery.commit()).view;
  for (const auto& [id, address] : known_peers)
    if (!committed.has_voter(id) && !log.view().view.has_voter(id)) retire_peer(id);
}

void Engine::Parts::retire_peer(const MemberId& member) {
  retired.emplace(member, now + kRetireElections * config.election_min);
}

void Engine::Parts::forget_retired() {
  auto* leading = std::get_if<Leading>(&role);
  std::erase_if(retired, [&](const auto& entry) {
    const auto& [id, due] = entry;
    const bool wanted = log.view().view.has_voter(id) ||
                        (leading != nullptr && leading->find_joining(id) != nullptr);
    if (!wanted && now < due) return false;
    if (!wanted) out.add(ForgetPeer{id});
    if (!wanted) known_peers.erase(id);
    return true;
  });
}

void Engine::Parts::on(Tick) {
  const Duration gap = now - last_tick;
  last_tick = now;
  if (gap > config.stall) notice_stall(gap);
  if (auto* leading = std::get_if<Leading>(&role)) {
    lead(*leading);
  } else if (now >= election_deadline) {
    const bool hinted = now < hint_until;
    on_election_timeout(hinted ? RoleReason::leader_crashed : RoleReason::timed_out);
  }
  if (wants_to_join() && now >= next_join) ask_to_join();
  expire_forwards();
  expire_read_request();
  forget_retired();
  if (!outbox.empty() && now >= next_resend) resend_multicasts();
  release_unused_shelf(std::get_if<Leading>(&role));
  trim();
}

void Engine::Parts::on(Received input) {
  if (stop_after) return;
  if (admit(input.message)) dispatch(input.message);
}

void Engine::Parts::on(Durable input) {
  durable = std::max(durable, input.seq);
  while (!orders.empty() && orders.front().first <= durable) orders.pop_front();
  log.durable(durable);
  if (installing && durable >= *installing) installing.reset();
  if (stop_after && durable >= *stop_after)
    return fatal("entries that this member had acknowledged are gone from its log");
  if (std::holds_alternative<Campaigning>(role)) tally_votes();
  if (auto* leading = std::get_if<Leading>(&role)) maybe_commit(*leading);
}

void Engine::Parts::on(Applied input) {
  delivery.applied_up_to(input.index);
  for (const StateSample& sample : input.samples) samples.add(sample);
}

void Engine::Parts::on(LocalHealth input) {
  health = input.health;
}

void Engine::Parts::on(PeerConnected input) {
  const BootSeq known = peers.boot_of(input.member);
  if (!peers.admit(input.member, input.boot)) return;
  if (input.boot > known) suspect_crash(input.member);
}

void Engine::Parts::on(PeerDisconnected input) {
  auto* leading = std::get_if<Leading>(&role);
  if (Progress* peer = leading ? leading->find(input.member) : nullptr)
    peer->restart_probe(leading->append_id);
}

void Engine::Parts::on(PeerDown input) {
  if (peers.note_down(input.member, input.boot, now)) suspect_crash(input.member);
}

void Engine::Parts::on(EntriesRead input) {
  if (input.answer.reader != self) {
    if (auto* leading = std::get_if<Leading>(&role)) on_entries_for_peer(*leading, input.answer);
    return;
  }
  reading_for_delivery = false;
  if (diverged) return;
  // What was asked for before a snapshot came is of no more interest.
  if (input.answer.first < delivery.delivered().next() && input.answer.gone) return;
  if (input.answer.gone) return fatal("entries that are not applied yet are gone from the log");
  delivery.advance_with(input.answer.entries, log, outbox, out.effects());
}

Engine::Engine(EngineSettings settings, RestoredState state, Instant now)
    : parts_(std::make_unique<Parts>(std::move(settings), std::move(state), now)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::start(Effects& effects) {
  parts_->begin(parts_->now, effects);
  parts_->start();
  parts_->finish();
}

void Engine::step(Instant now, Input input, Effects& effects) {
  if (parts_->stopped) return;
  parts_->begin(now, effects);
  std::visit([this](auto& one) { parts_->on(std::move(one)); }, input);
  parts_->finish();
}

bool Engine::wants_proposals() const {
  if (!std::holds_alternative<Leading>(parts_->role)) return true;
  return parts_->orders.size() < parts_->config.log_inflight;
}

ChainHead Engine::log_head() const {
  return parts_->log.head();
}

}  // namespace gms::core
