#include <array>

#include "gms/core/engine_parts.hpp"
#include "gms/core/quorum.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

void Engine::Parts::maybe_commit(Leading& leading) {
  // Only voters of the view in this log count, itself with what is durable here [C5] [C11].
  std::array<std::uint64_t, kViewMembersMax> reached{};
  std::size_t voters = 0;
  for (const Member& member : log.view().view.members) {
    std::uint64_t& match = reached[voters++];
    const Progress* peer = leading.find(member.id);
    if (member.id == self) match = log.stable().value();
    if (peer != nullptr && !peer->regressed()) match = peer->match().value();
  }
  const Index candidate(nth_largest({reached.data(), voters}, quorum(voters)));
  if (candidate <= delivery.commit()) return;
  // An entry of an older epoch is committed by one of this epoch after it, never by counting [C1].
  if (log.epoch_at(candidate) != hard_state.epoch) return;
  advance_commit(candidate);
}

void Engine::Parts::advance_commit(Index commit) {
  const Index before = delivery.commit();
  if (commit <= before) return;
  GMS_ASSERT(commit <= log.last_index(), "I12");
  delivery.set_commit(commit);
  out.trace(CommitAdvanced{hard_state.epoch, commit});
  const auto views = log.views_between(before, commit);
  for (const PlacedView& view : views) out.trace(ViewCommitted{view});
  if (!views.empty()) retire_peers();
  if (auto* leading = std::get_if<Leading>(&role)) {
    if (!leading->own_epoch_committed && commit >= leading->epoch_start)
      on_own_epoch_committed(*leading);
    if (!views.empty()) on_views_committed(*leading);
  }
}

void Engine::Parts::on_own_epoch_committed(Leading& leading) {
  leading.own_epoch_committed = true;
  for (const Ticket ticket : std::exchange(leading.early_reads, {})) serve_read(leading, ticket);
}

void Engine::Parts::on_views_committed(Leading& leading) {
  const PlacedView& committed = log.view_at(delivery.commit());
  const View& in_force = log.view().view;
  std::vector<MemberId> gone;
  for (const Progress& peer : leading.peers) {
    // An inherited removal below an inherited join must not drop the voter.
    if (in_force.has_voter(peer.id()) || committed.view.has_voter(peer.id())) continue;
    if (leading.find_joining(peer.id()) == nullptr) gone.push_back(peer.id());
  }
  for (const MemberId& id : gone) {
    out.send(id, hard_state.epoch, not_in_view(id));
    leading.remove(id);
  }
}

void Engine::Parts::deliver() {
  if (reading_for_delivery || diverged) return;
  const std::size_t pending = outbox.count();
  const auto missing = delivery.advance(log, outbox, out.effects());
  if (missing) {
    reading_for_delivery = true;
    out.add(ReadEntries{{self, *missing, config.deliver_bytes_max}});
  }
  // While own multicasts arrive none is lost, or a gap will tell.
  if (outbox.count() < pending) next_resend = now + config.multicast_resend;
  if (!delivery.take_wants_resend()) return;
  next_resend = std::min(next_resend, now + config.tick);
  // What was refused until now was so for another reason than its size.
  resent_from = MulticastSeq();
  // The next one would be a gap for ever, and a late copy of the first be taken for the next.
  if (outbox.delivered_any() && !delivery.mark().knows(self)) fatal_forgotten();
}

void Engine::Parts::fatal_forgotten() {
  fatal("the group has forgotten what this boot multicast: start again");
}

void Engine::Parts::on(Read input) {
  auto* leading = std::get_if<Leading>(&role);
  if (diverged) {
    refuse_diverged(input.ticket, 1);
  } else if (leading == nullptr) {
    read_elsewhere(input.ticket);
  } else if (leading->reads.size() + leading->early_reads.size() + follower_reads.size() >=
             config.reads_max) {
    out.add(Completed{input.ticket, 1, Error{ErrorCode::busy, "too many reads wait"}, self});
  } else if (!leading->own_epoch_committed) {
    leading->early_reads.push_back(input.ticket);
  } else {
    serve_read(*leading, input.ticket);
  }
}

void Engine::Parts::serve_read(Leading& leading, Ticket ticket) {
  leading.reads.add(ticket, delivery.commit(), leading.heartbeat_seq.next());
  // While rounds are under way later reads share the next one.
  if (leading.heartbeat_seq - leading.confirmed < kReadRoundsMax) broadcast_heartbeat(leading);
}

void Engine::Parts::confirm_rounds(Leading& leading) {
  std::array<std::uint64_t, kViewMembersMax> answered{};
  std::size_t voters = 0;
  for (const Member& member : log.view().view.members) {
    std::uint64_t& seq = answered[voters++];
    const Progress* peer = leading.find(member.id);
    if (member.id == self) seq = leading.heartbeat_seq.value();
    if (peer != nullptr) seq = peer->acked_heartbeat.value();
  }
  const HeartbeatSeq confirmed(nth_largest({answered.data(), voters}, quorum(voters)));
  if (confirmed <= leading.confirmed) return;
  leading.confirmed = confirmed;
  leading.reads.confirm(confirmed);
  leading.asked_reads.confirm(confirmed);
  if (leading.reads.wants_round_after(leading.heartbeat_seq) ||
      leading.asked_reads.wants_round_after(leading.heartbeat_seq))
    broadcast_heartbeat(leading);
}

void Engine::Parts::release_reads() {
  release_follower_reads();
  auto* leading = std::get_if<Leading>(&role);
  if (leading == nullptr) return;
  answer_read_requests(*leading);
  for (const ReadBarrier::Ready& read : leading->reads.take_ready(delivery.applied()))
    out.add(ReadReady{read.ticket, read.index});
}

}  // namespace gms::core
