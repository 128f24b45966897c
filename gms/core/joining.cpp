#include "gms/core/engine_parts.hpp"

namespace gms::core {

using namespace model;

namespace {
/// Times election_min without a leader after which a voter asks whether it still is one.
constexpr int kLonelyElections = 4;
/// Addresses of members that are in no view, kept for answers to them.
constexpr std::size_t kRetiredMax = 256;
}  // namespace

bool Engine::Parts::wants_to_join() const {
  if (has_left()) return false;
  if (!log.view().view.has_voter(self) || excluded) return true;
  if (log.view().view.members.size() == 1 || std::holds_alternative<Leading>(role)) return false;
  return now - lonely_since > kLonelyElections * config.election_min;
}

void Engine::Parts::ask_to_join() {
  std::vector<std::string> addresses;
  if (!redirected_to.empty()) addresses.push_back(std::exchange(redirected_to, {}));
  if (addresses.empty()) {
    const View& view = excluded ? excluded->view.view : log.view().view;
    for (const Member& member : view.members)
      if (member.id != self) addresses.push_back(member.peer_address);
    addresses.insert(addresses.end(), settings.join_addresses.begin(),
                     settings.join_addresses.end());
  }
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
  if (const Member* same = view.find_name(wanted.name); same != nullptr && same->id != wanted.id)
    return "the name " + wanted.name + " is taken by member " + to_string(same->id);
  for (const Member& member : view.members)
    if (member.id.node == wanted.id.node && member.id != wanted.id)
      return "another incarnation of this member, " + to_string(member.id) +
             ", is a voter; remove it first: kvctl member leave " + member.name;
  if (view.members.size() >= view.voters_max)
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
             removal && removal->at > delivery.commit()) {
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
    case JoinVerdict::redirect:
      redirected_to = reply.leader_address;
      next_join = now;
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

void Engine::Parts::check_joiner(Joining& joining, const Progress& peer) {
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
  if (joining.ready) {
    out.trace(JoinerProgress{peer.id(), "caught up"});
    std::get<Leading>(role).next_policy = now;
  }
}

void Engine::Parts::drop_stuck_joiners(Leading& leading) {
  std::vector<MemberId> stuck;
  for (const Joining& joining : leading.joining) {
    const bool still = now - joining.progressed_at > config.join_stuck;
    if (still || (!joining.ready && joining.rounds > config.join_rounds_max))
      stuck.push_back(joining.member.id);
  }
  for (const MemberId& id : stuck) {
    out.trace(JoinerProgress{id, "dropped"});
    std::erase_if(leading.joining, [&](const Joining& j) { return j.member.id == id; });
    if (log.view().view.has_voter(id)) continue;
    leading.remove(id);
    retire_peer(id);
  }
}

}  // namespace gms::core
