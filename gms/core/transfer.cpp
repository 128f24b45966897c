#include <tuple>

#include "gms/core/engine_parts.hpp"

namespace gms::core {

using namespace model;

void Engine::Parts::start_transfer(Leading& leading, const MemberId& target) {
  leading.transfer = Transferring{target, now + config.transfer_deadline, false};
  out.trace(TransferStarted{target});
}

void Engine::Parts::check_transfer(Leading& leading) {
  if (!leading.transfer || leading.transfer->asked) return;
  const Progress* peer = leading.find(leading.transfer->target);
  if (peer == nullptr) return;
  // It may say only now that its state is out of use.
  if (peer->acked_heartbeat == HeartbeatSeq()) return;
  if (!has_state_in_use(*peer)) return abort_transfer(leading);
  if (peer->match() != log.last_index()) return;
  leading.transfer->asked = true;
  out.send(peer->id(), hard_state.epoch, TimeoutNow{log.last()});
}

void Engine::Parts::abort_transfer(Leading& leading) {
  out.trace(TransferAborted{leading.transfer->target});
  leading.transfer.reset();
  // The view may have to change before somebody can take over, and changes in no hand-over.
  leading.next_hand_over = now + config.election_min;
  // Moves the end of the log, so that a late TimeoutNow fits no more [C19].
  append_kind(EntryKind::noop, {});
}

bool Engine::Parts::may_take_over(const MemberId& member) const {
  const View& view = log.view().view;
  // A leader without room makes no view, so it marks nobody up: the next one will.
  return view.is_up(member) || (health.disk_full && view.has_voter(member));
}

std::optional<MemberId> Engine::Parts::best_successor(const Leading& leading) const {
  const Progress* best = nullptr;
  for (const Progress& peer : leading.peers) {
    // Who has not answered this leader yet may be gone, or its state out of use as well.
    if (peer.acked_heartbeat == HeartbeatSeq()) continue;
    const bool fit = may_take_over(peer.id()) && !peer.disk_full && !peer.regressed() &&
                     has_state_in_use(peer) && !lacks_entries(peer) &&
                     peer.silence(now) < config.election_min && !peers.down_since(peer.id());
    if (!fit) continue;
    // One that has far to go would not be there in time, and one that has everything but no room
    // would refuse what clients want to add.
    const auto worth = [this](const Progress& one) {
      const bool is_near = log.bytes_after(one.match()) <= config.lag_bytes;
      return std::tuple(is_near, !one.disk_low, one.match());
    };
    if (best == nullptr || worth(peer) > worth(*best)) best = &peer;
  }
  if (best == nullptr) return std::nullopt;
  return best->id();
}

void Engine::Parts::on_timeout_now(const Message& message) {
  const auto& ask = std::get<TimeoutNow>(message.body);
  const auto& following = std::get<Following>(role);
  if (following.leader != message.from || ask.last != log.last()) return;
  if (log.stable() != log.last_index() || !can_campaign() || diverged) return;
  start_election(RoleReason::asked_to_take_over);
}

}  // namespace gms::core
