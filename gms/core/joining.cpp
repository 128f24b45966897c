#include "gms/core/engine_parts.hpp"

namespace gms::core {

using namespace model;

namespace {
/// Times election_min without a leader after which a voter asks whether it still is one.
constexpr int kLonelyElections = 4;
/// Addresses of members that are in no view, kept for answers to them.
constexpr std::size_t kRetiredMax = 256;
/// Joiners for whose sake the epoch was changed lately; more have to wait.
constexpr std::size_t kBumpsMax = 64;
}  // namespace

bool Engine::Parts::wants_to_join() const {
  if (has_left()) return false;
  if (!log.view().view.has_voter(self) || excluded) return true;
  if (log.view().view.members.size() == 1 || std::holds_alternative<Leading>(role)) return false;
  return now - lonely_since > kLonelyElections * config.election_min;
}

void Engine::Parts::ask_to_join() {
  std::vector<std::string> addresses;
  const View& view = excluded ? excluded->view.view : log.view().view;
  for (const Member& member : view.members)
    if (member.id != self) addresses.push_back(member.peer_address);
  addresses.insert(addresses.end(), settings.join_addresses.begin(), settings.join_addresses.end());
  // The first tries go round the addresses at the first pace, so that one dead address costs
  // little.
  if (join_attempts > addresses.size())
    join_backoff = std::min(2 * join_backoff, config.join_retry_max);
  next_join = now + join_backoff + random.below(join_backoff / 2);
  if (addresses.empty()) return;
  const std::string& address = addresses[join_attempts++ % addresses.size()];
  if (address == settings.self.peer_address) return;
  Member wanted = settings.self;
  wanted.id = self;
  out.send_to_address(address, hard_state.epoch, JoinRequest{wanted, boot, log.last(), false});
}

void Engine::Parts::on_join_request(const Message& message) {
  const auto& request = std::get<JoinRequest>(message.body);
  if (request.member.id == self) return;
  if (auto* leading = std::get_if<Leading>(&role)) return admit_joiner(*leading, request);
  const auto* following = std::get_if<Following>(&role);
  const MemberId leader = following != nullptr ? following->leader : MemberId();
  if (log.last_index() == Index()) return;
  if (leader.is_none() || request.passed_on) {
    JoinReply reply;
    reply.verdict = JoinVerdict::busy;
    reply.detail = "no leader is known here";
    return answer_join(request, reply);
  }
  JoinRequest passed = request;
  passed.passed_on = true;
  out.send(leader, hard_state.epoch, passed);
}

std::optional<std::string> Engine::Parts::why_refused(const Leading& leading,
                                                      const JoinRequest& request) const {
  const View& view = log.view().view;
  const Member& wanted = request.member;
  const GroupClock clock = group_clock(leading);
  bool takes_a_place = false;
  for (const Member& member : view.members) {
    if (!takes_place_of(wanted, member)) continue;
    const bool itself = member.id.node == wanted.id.node;
    const std::string holder = (itself ? "another incarnation of this member, "
                                       : "the name " + wanted.name + " is taken by member ") +
                               to_string(member.id);
    if (!is_gone(voter_facts(leading, member.id), config)) return holder + ", which is alive";
    if (view.in_maintenance(member.id, clock)) return holder + ", which is in maintenance";
    takes_a_place = view.members.size() > view.floor;
  }
  if (view.members.size() >= view.voters_max && !takes_a_place)
    return "the view has its " + std::to_string(view.voters_max) + " voters";
  for (const Joining& joining : leading.joining)
    if (joining.member.name == wanted.name && joining.member.id != wanted.id)
      return "another member of the name " + wanted.name + " is joining";
  return std::nullopt;
}

void Engine::Parts::admit_joiner(Leading& leading, const JoinRequest& request) {
  JoinReply reply;
  const PlacedView& view = log.view();
  if (view.view.has_voter(request.member.id)) {
    reply.verdict = JoinVerdict::already;
    reply.view_position = view.position;
  } else if (const auto removal = log.removal_of(request.member.id);
             removal && removal->at.index > delivery.commit()) {
    reply.verdict = JoinVerdict::busy;
    reply.detail = "its removal is not committed yet";
  } else if (removal && removal->cause == ViewCause::leave) {
    reply.verdict = JoinVerdict::refused;
    reply.detail = "it was asked to leave; a new data directory can join";
  } else if (const auto why = why_refused(leading, request)) {
    reply.verdict = JoinVerdict::refused;
    reply.detail = *why;
  } else if (Joining* joining = leading.find_joining(request.member.id)) {
    joining->member = request.member;
  } else if (leading.joining.size() >= config.joining_max) {
    reply.verdict = JoinVerdict::busy;
    reply.detail = "enough members are joining";
  } else {
    Joining fresh;
    fresh.member = request.member;
    fresh.progressed_at = now;
    leading.joining.push_back(fresh);
    leading.remove(request.member.id);
    const Index next = std::min(log.last_index(), request.last.index).next();
    leading.add(request.member.id, next, now);
    out.trace(JoinerProgress{request.member.id, "accepted"});
  }
  if (reply.verdict == JoinVerdict::refused && leading.find_joining(request.member.id) != nullptr)
    drop_joiner(leading, request.member.id);
  answer_join(request, reply);
  if (reply.verdict == JoinVerdict::accepted) {
    if (const Progress* peer = leading.find(request.member.id)) send_heartbeat(leading, *peer);
  } else if (reply.verdict == JoinVerdict::refused) {
    // One that was asked to leave and has not heard of it.
    if (const NotInView told = not_in_view(request.member.id); told.removed_by == ViewCause::leave)
      out.send(request.member.id, hard_state.epoch, told);
  }
}

void Engine::Parts::answer_join(const JoinRequest& request, JoinReply reply) {
  // A flood of members that may not join is answered no faster than it is forgotten.
  if (retired.size() >= kRetiredMax && !retired.contains(request.member.id)) return;
  // A joiner may come back from another address; where a voter is, the view says.
  if (!log.view().view.has_voter(request.member.id)) {
    know_peer(request.member);
    if (reply.verdict != JoinVerdict::accepted) retire_peer(request.member.id);
  }
  out.send(request.member.id, hard_state.epoch, std::move(reply));
}

void Engine::Parts::on_join_reply(const Message& message) {
  const auto& reply = std::get<JoinReply>(message.body);
  switch (reply.verdict) {
    case JoinVerdict::accepted:
    case JoinVerdict::already:
      if (out.group().is_none()) out.adopt_group(message.group);
      if (excluded && reply.verdict == JoinVerdict::already &&
          reply.view_position >= excluded->view.position)
        excluded.reset();
      // The leader will be heard; until then asking again does no harm.
      join_backoff = config.join_retry;
      break;
    case JoinVerdict::busy:
    case JoinVerdict::refused: out.trace(JoinerProgress{self, "not now: " + reply.detail}); break;
  }
}

void Engine::Parts::on_joiner_heartbeat(Leading& leading, Joining& joining, Progress& peer) {
  if (joining.heartbeats >= kJoinHeartbeats) return;
  ++joining.heartbeats;
  if (joining.heartbeats < kJoinHeartbeats) return send_heartbeat(leading, peer);
  joining.target = log.last_index();
  joining.round_started = now;
  out.trace(JoinerProgress{peer.id(), "heard"});
}

void Engine::Parts::check_joiner(Leading& leading, Joining& joining, const Progress& peer) {
  if (peer.match() > joining.progressed_to) joining.progressed_at = now;
  joining.progressed_to = peer.match();
  if (joining.ready || peer.match() < joining.target) return;
  // A round brings the joiner to where the log ended when it began; one that is short enough says
  // that the rest will be, too (Ongaro, 2014, section 4.2.1).
  ++joining.rounds;
  const bool at_end = peer.match() == log.last_index();
  const bool quick = at_end || now - joining.round_started < config.election_min;
  joining.ready = quick && log.bytes_after(peer.match()) < config.lag_bytes;
  joining.target = log.last_index();
  joining.round_started = now;
  if (!joining.ready) return;
  out.trace(JoinerProgress{peer.id(), "caught up"});
  leading.next_policy = now;
  if (samples.empty()) return;
  broadcast_heartbeat(leading);
  joining.asked_by = leading.heartbeat_seq;
  joining.asked_about = samples.newest_index();
  joining.asked_at = now;
}

bool Engine::Parts::may_vote(const Joining& joining) const {
  const Progress* const peer = std::get<Leading>(role).find(joining.member.id);
  if (!joining.ready || peer == nullptr) return false;
  // Its acknowledgement may be needed at once: one that fell silent or back meanwhile has to wait.
  if (peer->silence(now) >= config.election_min || peer->disk_full) return false;
  if (peer->regressed()) return false;
  if (peers.down_since(joining.member.id)) return false;
  // What is not in the log any more counts as too much.
  if (log.bytes_after(peer->match()) >= config.lag_bytes) return false;
  return !peer->diverged && !is_in_question(joining, *peer);
}

bool Engine::Parts::is_in_question(const Joining& joining, const Progress& peer) const {
  // A state that differs is judged before it has a vote: with that more would be needed to do so
  // [M4]. Where nobody can tell, it may be the one that decides.
  const bool answered =
      peer.acked_heartbeat >= joining.asked_by && peer.applied >= joining.asked_about;
  if (!answered && now - joining.asked_at < config.suspect) return true;
  return peer.differs_since && now - *peer.differs_since < config.suspect;
}

void Engine::Parts::drop_stuck_joiners(Leading& leading) {
  std::vector<MemberId> stuck;
  for (Joining& joining : leading.joining) {
    const Progress* const peer = leading.find(joining.member.id);
    // It waits for the others' word.
    if (joining.ready && peer != nullptr && is_in_question(joining, *peer))
      joining.progressed_at = now;
    const bool silent = peer == nullptr || peer->silence(now) >= config.suspect;
    const bool still = now - joining.progressed_at > config.join_stuck;
    // One that fell silent asks anew when it is back; meanwhile others may have its turn.
    if (silent || still || (!joining.ready && joining.rounds > config.join_rounds_max))
      stuck.push_back(joining.member.id);
  }
  for (const MemberId& id : stuck) drop_joiner(leading, id);
}

void Engine::Parts::drop_joiner(Leading& leading, const MemberId& id) {
  out.trace(JoinerProgress{id, "dropped"});
  std::erase_if(leading.joining, [&](const Joining& j) { return j.member.id == id; });
  if (log.view().view.has_voter(id)) return;
  leading.remove(id);
  retire_peer(id);
}

void Engine::Parts::on_joiner_ahead(Leading& leading, const Message& message) {
  Joining* const joining = leading.find_joining(message.from);
  Progress* const peer = leading.find(message.from);
  if (joining == nullptr || peer == nullptr) return;
  joining->epoch_seen = std::max(joining->epoch_seen, message.epoch);
  const auto* const stale = std::get_if<AppendReply>(&message.body);
  // What it answers may be a late heartbeat of an epoch before, whose numbers say nothing here.
  if (stale == nullptr || stale->heartbeat_epoch != hard_state.epoch) return;
  if (stale->heartbeat_seq <= joining->answered_ahead) return;
  // It cannot follow a leader of the past, but it hears and is heard.
  joining->answered_ahead = stale->heartbeat_seq;
  peer->heard(now, config.election_min);
  on_joiner_heartbeat(leading, *joining, *peer);
  if (joining->heartbeats >= kJoinHeartbeats) bump_epoch(*joining);
}

void Engine::Parts::bump_epoch(const Joining& joining) {
  const auto& leading = std::get<Leading>(role);
  const MemberId id = joining.member.id;
  const Epoch seen = joining.epoch_seen;
  // Not in the middle of another change, which the new epoch would only delay.
  if (seen <= hard_state.epoch || !can_propose_view(leading) || now < stall_until) return;
  std::erase_if(bumped_for,
                [&](const auto& bump) { return now - bump.second >= config.epoch_bump_gap; });
  if (bumped_for.contains(id) || bumped_for.size() >= kBumpsMax) return;
  bumped_for.emplace(id, now);
  out.trace(JoinerProgress{id, "is ahead"});
  become_follower(seen, MemberId(), RoleReason::joiner_ahead);
  start_election(RoleReason::joiner_ahead);
}

}  // namespace gms::core
