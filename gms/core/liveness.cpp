#include <algorithm>
#include <utility>

#include "gms/core/engine_parts.hpp"
#include "gms/core/quorum.hpp"

namespace gms::core {

using namespace model;

void Engine::Parts::notice_stall(Duration gap) {
  // This process stood still; that the others were not heard meanwhile says nothing of them [C22].
  out.trace(StallNoticed{gap});
  stall_until = now + config.election_min;
  lonely_since = std::min(now, lonely_since + gap);
  if (auto* leading = std::get_if<Leading>(&role)) {
    for (Progress& peer : leading->peers) peer.excuse(gap, now);
  } else {
    election_deadline = now + random.below(config.election_min);
  }
}

void Engine::Parts::lead(Leading& leading) {
  if (now >= leading.next_heartbeat) broadcast_heartbeat(leading);
  if (now >= leading.next_quorum_check) {
    leading.next_quorum_check = now + config.election_min;
    leading.pace = std::exchange(leading.next_pace, delivery.commit());
    check_quorum(leading);
    if (!std::holds_alternative<Leading>(role)) return;
  }
  if (leading.transfer && now >= leading.transfer->deadline) abort_transfer(leading);
  give_way(leading);
  if (now >= leading.next_policy && now >= stall_until) {
    leading.next_policy = now + config.policy;
    drop_stuck_joiners(leading);
    run_policy(leading);
  }
}

void Engine::Parts::broadcast_heartbeat(Leading& leading) {
  ++leading.heartbeat_seq;
  leading.next_heartbeat = now + config.heartbeat;
  for (const Progress& peer : leading.peers) send_heartbeat(leading, peer);
  // A single voter has nobody to wait for.
  confirm_rounds(leading);
}

void Engine::Parts::send_heartbeat(Leading& leading, const Progress& peer) {
  out.send(peer.id(), hard_state.epoch,
           Heartbeat{leading.heartbeat_seq, std::min(delivery.commit(), peer.match())});
}

void Engine::Parts::on_heartbeat_reply(const Message& message) {
  auto& leading = std::get<Leading>(role);
  Progress* peer = leading.find(message.from);
  if (peer == nullptr) return;
  const auto& reply = std::get<HeartbeatReply>(message.body);
  // A late copy of a reply says nothing of now.
  const bool is_news = reply.seq > peer->acked_heartbeat;
  if (is_news) {
    peer->heard(now, config.election_min);
    peer->disk_full = reply.disk_full;
    peer->disk_low = reply.disk_low;
    peer->last_index = reply.last_index;
  }
  peer->applied = std::max(peer->applied, reply.applied);
  peer->acked_heartbeat = std::max(peer->acked_heartbeat, reply.seq);
  confirm_rounds(leading);
  if (Joining* joining = leading.find_joining(peer->id())) {
    on_joiner_heartbeat(leading, *joining, *peer);
    if (joining->heartbeats < kJoinHeartbeats) return;
    check_joiner(leading, *joining, *peer);
  }
  on_staging(leading, *peer, reply);
  if (is_news) on_state_report(leading, *peer, reply);
  if (peer->regressed()) {
    // Until it hears of it, it would be of no use to anybody.
    out.send(peer->id(), hard_state.epoch, Regressed{peer->match(), peer->match_id()});
    return;
  }
  if (peer->match() >= log.last_index()) return;
  // Reads bring answers by the thousand, and a probe is up to append_bytes_max long.
  if (now - peer->asked_again_at < config.heartbeat / 2) return;
  peer->asked_again_at = now;
  peer->rearm_probe();
  if (peer->state() == ProgressState::replicate) send_probe_of_end(leading, *peer);
}

bool Engine::Parts::quorum_active(const Leading& leading) const {
  const View& view = log.view().view;
  std::size_t heard = 0;
  for (const Member& member : view.members) {
    const Progress* peer = leading.find(member.id);
    const bool recent = peer != nullptr && peer->silence(now) < config.election_min;
    if (member.id == self || recent) ++heard;
  }
  return heard >= quorum(view.members.size());
}

void Engine::Parts::check_quorum(Leading& leading) {
  const View& view = log.view().view;
  std::size_t active = 0;
  for (const Member& member : view.members) {
    Progress* peer = leading.find(member.id);
    const bool was_active = peer != nullptr && peer->take_active();
    if (member.id == self || was_active) ++active;
  }
  if (active < quorum(view.members.size()) && now >= stall_until)
    return become_follower(hard_state.epoch, MemberId(), RoleReason::quorum_lost);
  check_disk(leading);
}

void Engine::Parts::check_disk(Leading& leading) {
  const bool stalled = !orders.empty() && now - orders.front().second > config.disk_stall;
  if (leading.transfer || (!stalled && !health.lacks_room())) return;
  const auto successor = best_successor(leading);
  const bool is_due = now >= leading.next_hand_over;
  // One with as little room would hand back at once.
  if (successor && is_due && (stalled || health.disk_full || !leading.find(*successor)->disk_low))
    return start_transfer(leading, *successor);
  if (stalled && log.view().view.members.size() > 1)
    become_follower(hard_state.epoch, MemberId(), RoleReason::disk_stalled);
}

void Engine::Parts::suspect_crash(const MemberId& member) {
  // A new life of the leader's process ends its old one: it never leads the same epoch twice.
  const auto* following = std::get_if<Following>(&role);
  if (following == nullptr || following->leader != member) return;
  const BootSeq current = peers.boot_of(member);
  if (following->leader_boot == current && !peers.down_since(member)) return;
  forget_leader();
  arm_crash_hint(member);
}

void Engine::Parts::arm_crash_hint(const MemberId& crashed) {
  hint_until = now + config.election_min;
  int rank = 0;
  for (const Member& member : log.view().view.members) {
    if (member.id == self) break;
    if (member.id != crashed) ++rank;
  }
  election_deadline = now + rank * config.stagger + random.below(config.stagger / 3);
}

}  // namespace gms::core
