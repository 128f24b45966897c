#include "gms/core/engine_parts.hpp"
#include "gms/core/quorum.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

namespace {

/// A vote takes a sync at two disks: whoever campaigns or has voted after a crash waits this many
/// staggers for the end of it before the next campaign, which would undo this one.
constexpr int kVoteStaggers = 8;

}  // namespace

RoleName Engine::Parts::role_name() const {
  if (std::holds_alternative<Leading>(role)) return RoleName::leader;
  if (std::holds_alternative<Campaigning>(role)) return RoleName::candidate;
  if (std::holds_alternative<Precampaigning>(role)) return RoleName::precandidate;
  if (log.view().view.has_voter(self) && !excluded) return RoleName::follower;
  return log.last_index() == Index() ? RoleName::joiner : RoleName::learner;
}

void Engine::Parts::change_role(Role next, RoleReason reason) {
  role = std::move(next);
  show_role(reason);
}

void Engine::Parts::show_role(RoleReason reason) {
  const RoleName shows = role_name();
  if (shows == shown_role) return;
  out.trace(RoleChanged{hard_state.epoch, std::exchange(shown_role, shows), shows, reason});
}

void Engine::Parts::set_hard_state(HardState next) {
  GMS_ASSERT(next.epoch >= hard_state.epoch, "I8");
  const bool keeps_vote = next.epoch > hard_state.epoch || hard_state.voted_for.is_none() ||
                          hard_state.voted_for == next.voted_for;
  GMS_ASSERT(keeps_vote, "I8");
  hard_state = next;
  out.order_hard_state(hard_state);
}

void Engine::Parts::become_follower(Epoch epoch, MemberId leader, RoleReason reason) {
  // The log is not touched: what was acknowledged stays, whoever leads.
  if (epoch > hard_state.epoch) set_hard_state({epoch, MemberId()});
  if (auto* leading = std::get_if<Leading>(&role)) {
    std::vector<Ticket> reads = leading->reads.take_all();
    reads.insert(reads.end(), leading->early_reads.begin(), leading->early_reads.end());
    for (const Ticket ticket : reads)
      out.add(Completed{ticket, 1, Error{ErrorCode::not_leader, "leadership was lost"}, leader});
    for (const Joining& joining : leading->joining) retire_peer(joining.member.id);
    lonely_since = now;
  }
  delivery.forget_expected({ErrorCode::outcome_unknown, "leadership changed"}, out.effects());
  fail_forwards();
  fail_follower_reads();
  const bool knew_leader = std::holds_alternative<Following>(role)
                               ? !std::get<Following>(role).leader.is_none()
                               : std::holds_alternative<Leading>(role);
  change_role(Following{leader, BootSeq(), std::nullopt}, reason);
  if (knew_leader || !leader.is_none()) out.trace(LeaderChanged{hard_state.epoch, leader});
  reset_election_deadline();
}

void Engine::Parts::hear_leader(const Message& message) {
  const auto* following = std::get_if<Following>(&role);
  if (following == nullptr || following->leader != message.from) {
    become_follower(hard_state.epoch, message.from, RoleReason::leader_heard);
    resend_all_multicasts();
  }
  auto& state = std::get<Following>(role);
  state.leader_boot = message.from_boot;
  state.last_contact = now;
  lonely_since = now;
  hint_until = now;
  reset_election_deadline();
}

void Engine::Parts::forget_leader() {
  auto& following = std::get<Following>(role);
  following.leader = MemberId();
  following.last_contact.reset();
  fail_forwards();
  fail_follower_reads();
  delivery.forget_expected({ErrorCode::outcome_unknown, "the leader crashed"}, out.effects());
  out.trace(LeaderChanged{hard_state.epoch, MemberId()});
}

bool Engine::Parts::sticky() const {
  if (const auto* leading = std::get_if<Leading>(&role)) return quorum_active(*leading);
  const auto* following = std::get_if<Following>(&role);
  return following != nullptr && !following->leader.is_none() && following->last_contact &&
         now - *following->last_contact < config.election_min;
}

bool Engine::Parts::can_campaign() const {
  return log.view().view.has_voter(self) && !excluded && !stop_after && !installing;
}

void Engine::Parts::reset_election_deadline() {
  if (now < hint_until) {
    election_deadline = now + config.stagger + random.below(2 * config.stagger);
  } else {
    election_deadline = now + config.election_min + random.below(config.election_min);
  }
}

void Engine::Parts::await_votes() {
  reset_election_deadline();
  if (now < hint_until)
    election_deadline = now + kVoteStaggers * config.stagger + random.below(4 * config.stagger);
}

void Engine::Parts::on_election_timeout(RoleReason reason) {
  reset_election_deadline();
  // Another campaign would put off the own vote, which a slow disk is still writing.
  const auto* campaign = std::get_if<Campaigning>(&role);
  if (campaign != nullptr && durable < campaign->own_vote) return;
  if (can_campaign()) return start_prevote(reason);
  // Whoever may not ask for votes has to notice, too, that its leader speaks to it no more.
  if (std::holds_alternative<Following>(role) && !known_leader().is_none()) forget_leader();
}

void Engine::Parts::start_prevote(RoleReason reason) {
  if (std::holds_alternative<Following>(role) && !known_leader().is_none()) forget_leader();
  change_role(Precampaigning{{{self}, {}}}, reason);
  const PlacedView& view = log.view();
  if (quorum(view.view.members.size()) == 1) return start_election(RoleReason::prevote_won);
  for (const Member& member : view.view.members)
    if (member.id != self)
      out.send(member.id, hard_state.epoch,
               PreVote{hard_state.epoch.next(), log.last(), view.position});
}

void Engine::Parts::on_prevote(const Message& message) {
  if (role_name() == RoleName::joiner) return;
  const auto& ask = std::get<PreVote>(message.body);
  if (tell_not_in_view(message, ask.view_position)) return;
  const bool granted = ask.campaign > hard_state.epoch && !sticky() && ask.last >= log.last();
  out.send(message.from, hard_state.epoch, PreVoteReply{ask.campaign, granted});
}

bool Engine::Parts::tell_not_in_view(const Message& message, const Position& view_position) {
  const PlacedView& committed = log.view_at(delivery.commit());
  if (committed.position <= view_position || committed.view.has_voter(message.from)) return false;
  out.send(message.from, hard_state.epoch, not_in_view(message.from));
  return true;
}

NotInView Engine::Parts::not_in_view(const MemberId& member) const {
  NotInView told{log.view_at(delivery.commit()), ViewCause::evict};
  const auto removal = log.removal_of(member);
  if (removal && removal->at.index <= delivery.commit()) told.removed_by = removal->cause;
  return told;
}

bool Engine::Parts::has_left() const {
  return excluded && excluded->removed_by == ViewCause::leave;
}

void Engine::Parts::on_prevote_reply(const Message& message) {
  const auto& reply = std::get<PreVoteReply>(message.body);
  if (reply.campaign != hard_state.epoch.next()) return;
  if (!log.view().view.has_voter(message.from)) return;
  Ballot& ballot = std::get<Precampaigning>(role).ballot;
  if (reply.granted) {
    ballot.grant(message.from);
  } else {
    ballot.refuse(message.from);
  }
  tally_prevotes();
}

void Engine::Parts::tally_prevotes() {
  const Ballot& ballot = std::get<Precampaigning>(role).ballot;
  const std::size_t needed = quorum(log.view().view.members.size());
  if (ballot.granted.size() >= needed) {
    start_election(RoleReason::prevote_won);
  } else if (ballot.refused.size() >= needed) {
    become_follower(hard_state.epoch, MemberId(), RoleReason::prevote_refused);
  }
}

void Engine::Parts::start_election(RoleReason reason) {
  ++campaigns;
  // It may have followed until now, and been asked to take over.
  fail_forwards();
  fail_follower_reads();
  set_hard_state({hard_state.epoch.next(), self});
  change_role(Campaigning{{}, out.hard_state_seq()}, reason);
  if (now < hint_until) await_votes();
  // Who hears a leader votes all the same when that leader wants it.
  const bool transfer =
      reason == RoleReason::asked_to_take_over || reason == RoleReason::joiner_ahead;
  const PlacedView& view = log.view();
  for (const Member& member : view.view.members)
    if (member.id != self)
      out.send(member.id, hard_state.epoch, Vote{log.last(), view.position, transfer});
}

void Engine::Parts::on_vote(const Message& message) {
  // The receiver's own view is not asked: the candidate counts by its own [C5].
  if (role_name() == RoleName::joiner) return;
  const auto& ask = std::get<Vote>(message.body);
  if (!ask.transfer) (void)tell_not_in_view(message, ask.view_position);
  const bool free = hard_state.voted_for.is_none() || hard_state.voted_for == message.from;
  const bool may =
      std::holds_alternative<Following>(role) || std::holds_alternative<Precampaigning>(role);
  const bool granted = free && may && ask.last >= log.last();
  if (granted) {
    if (hard_state.voted_for.is_none()) set_hard_state({hard_state.epoch, message.from});
    await_votes();
    out.trace(VoteGranted{hard_state.epoch, message.from});
  }
  out.send(message.from, hard_state.epoch, VoteReply{granted});
}

void Engine::Parts::on_vote_reply(const Message& message) {
  if (!log.view().view.has_voter(message.from)) return;
  Ballot& ballot = std::get<Campaigning>(role).ballot;
  if (std::get<VoteReply>(message.body).granted) {
    ballot.grant(message.from);
  } else {
    ballot.refuse(message.from);
  }
  tally_votes();
}

void Engine::Parts::tally_votes() {
  auto& campaign = std::get<Campaigning>(role);
  if (durable >= campaign.own_vote) campaign.ballot.grant(self);
  const std::size_t needed = quorum(log.view().view.members.size());
  if (campaign.ballot.granted.size() >= needed) {
    become_leader();
  } else if (campaign.ballot.refused.size() >= needed) {
    become_follower(hard_state.epoch, MemberId(), RoleReason::vote_refused);
  }
}

void Engine::Parts::become_leader() {
  GMS_ASSERT(log.view().view.has_voter(self), "I17");
  GMS_ASSERT(log.last().epoch < hard_state.epoch, "I1");
  Leading leading;
  for (const Member& member : log.view().view.members)
    if (member.id != self) leading.add(member.id, log.last_index().next(), now);
  leading.epoch_start = log.last_index().next();
  leading.pending_view = log.view().position.index;
  leading.clock_base = log.head().clock;
  leading.elected_at = now;
  leading.next_heartbeat = now;
  leading.next_quorum_check = now + config.election_min;
  leading.next_policy = now;
  change_role(std::move(leading), RoleReason::election_won);
  out.trace(LeaderChanged{hard_state.epoch, self});
  append_kind(EntryKind::noop, {});
  broadcast_heartbeat(std::get<Leading>(role));
  resend_all_multicasts();
}

void Engine::Parts::on_not_in_view(const Message& message) {
  const auto& told = std::get<NotInView>(message.body);
  const Position heard_of = excluded ? excluded->view.position : Position();
  if (told.view.position <= std::max(heard_of, log.view().position)) return;
  if (told.view.view.has_voter(self) || has_left()) return;
  // That it is in no view it may know already, but not that it was asked to leave.
  const bool knows_it_is_out = excluded || !log.view().view.has_voter(self);
  if (knows_it_is_out && told.removed_by != ViewCause::leave) return;
  excluded = told;
  out.trace(MemberExcluded{told.view});
  // Whoever tells is in reach: it asks to come back at the first pace.
  next_join = now;
  join_backoff = config.join_retry;
  join_attempts = 0;
  become_follower(hard_state.epoch, MemberId(), RoleReason::excluded);
  if (has_left()) abandon_multicasts();
}

}  // namespace gms::core
