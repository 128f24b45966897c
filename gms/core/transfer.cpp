#include <algorithm>

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
  if (peer == nullptr || peer->match() != log.last_index()) return;
  leading.transfer->asked = true;
  out.send(peer->id(), hard_state.epoch, TimeoutNow{log.last()});
}

void Engine::Parts::abort_transfer(Leading& leading) {
  out.trace(TransferAborted{leading.transfer->target});
  leading.transfer.reset();
  // Moves the end of the log, so that a late TimeoutNow fits no more [C19].
  append_kind(EntryKind::noop, {});
}

std::optional<MemberId> Engine::Parts::best_successor(const Leading& leading) const {
  const View& view = log.view().view;
  const Progress* best = nullptr;
  for (const Progress& peer : leading.peers) {
    const bool fit = view.is_up(peer.id()) && !peer.disk_full && !peer.regressed() &&
                     peer.silence(now) < config.election_min && !peers.down_since(peer.id());
    if (fit && (best == nullptr || peer.match() > best->match())) best = &peer;
  }
  if (best == nullptr) return std::nullopt;
  return best->id();
}

void Engine::Parts::on_timeout_now(const Message& message) {
  const auto& ask = std::get<TimeoutNow>(message.body);
  const auto& following = std::get<Following>(role);
  if (following.leader != message.from || ask.last != log.last()) return;
  if (log.stable() != log.last_index() || !can_campaign()) return;
  start_election(RoleReason::asked_to_take_over);
}

std::optional<Error> Engine::Parts::administer(Leading& leading, const AdminRequest& request) {
  if (!log.view().view.has_voter(request.member))
    return Error{ErrorCode::not_found, "no voter " + to_string(request.member)};
  if (request.action == AdminAction::leave) return leave(leading, request.member);
  if (request.member == self) return std::nullopt;
  if (leading.transfer) return Error{ErrorCode::busy, "leadership is being handed over already"};
  const Progress* peer = leading.find(request.member);
  if (!log.view().view.is_up(request.member) || peer == nullptr || peer->disk_full)
    return Error{ErrorCode::unavailable, "that member is down or its disk is full"};
  start_transfer(leading, request.member);
  return std::nullopt;
}

std::optional<Error> Engine::Parts::leave(Leading& leading, const MemberId& member) {
  if (log.view().view.members.size() == 1)
    return Error{ErrorCode::conflict, "the last member cannot leave its group"};
  if (member != self) {
    const auto& list = leading.leaving;
    if (std::find(list.begin(), list.end(), member) == list.end())
      leading.leaving.push_back(member);
    return std::nullopt;
  }
  // A leader never removes itself [C6]: its successor will, when it is asked again.
  const auto successor = best_successor(leading);
  if (!successor) return Error{ErrorCode::unavailable, "no other member can lead"};
  if (!leading.transfer) start_transfer(leading, *successor);
  return Error{ErrorCode::busy, "leadership is handed over first; ask again"};
}

void Engine::Parts::on(Admin input) {
  if (auto* leading = std::get_if<Leading>(&role)) {
    out.add(Completed{input.ticket, 1, administer(*leading, input.request), self});
    return;
  }
  Forward request;
  request.admin = input.request;
  forward(std::move(request), input.ticket, 1);
}

}  // namespace gms::core
