#include <algorithm>
#include <utility>

#include "gms/core/engine_parts.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

// ---- the leader's side

void Engine::Parts::offer_snapshot(const Leading& leading, Progress& peer) {
  // A state that is out of use is nobody's next one, however much that needs one.
  if (diverged) return;
  if (!may_have_state(leading, peer)) return;
  // Whoever does not answer is not waited for: it might never fetch it.
  if (!peer.spoke() || peer.silence(now) >= config.suspect || !peer.may_be_offered(now)) return;
  const Index base = log.base().head.position.index;
  // Entries after it are gone: it is of no more use.
  if (shelf && shelf->meta && shelf->index < base) release_shelf();
  if (!shelf) {
    if (now < next_snapshot) return;
    take_snapshot();
  }
  peer.await_snapshot(shelf->id, shelf->index, now);
  if (shelf->meta) send_offer(peer);
}

void Engine::Parts::take_snapshot() {
  // The state that is taken stands nowhere below this, and the log is kept from here on.
  const Index at_least = std::max(state_durable, log.base().head.position.index);
  shelf = Shelf{SnapshotId(random.next() | 1), at_least, std::nullopt};
  out.add(TakeSnapshot{shelf->id});
}

void Engine::Parts::release_shelf() {
  if (shelf && shelf->meta) out.add(ReleaseSnapshot{shelf->id});
  shelf.reset();
}

void Engine::Parts::send_offer(Progress& peer) {
  if (peer.fetch()) peer.offered(now);
  if (peer.mending) peer.mending->offered_at = now;
  out.trace(SnapshotOffered{peer.id(), shelf->id, shelf->index});
  out.send(peer.id(), hard_state.epoch,
           SnapshotOffer{*shelf->meta, log.base().head.position.index.next()});
}

void Engine::Parts::on(SnapshotTaken input) {
  if (!shelf || shelf->id != input.id || diverged) {
    if (!input.error) out.add(ReleaseSnapshot{input.id});
    if (shelf && shelf->id == input.id) shelf.reset();
    return;
  }
  auto* leading = std::get_if<Leading>(&role);
  if (input.error) {
    // A disk without room, say. Nothing is trimmed because of it.
    out.trace(SnapshotDropped{input.id, input.error->detail});
    shelf.reset();
    next_snapshot = now + config.join_retry;
    if (leading == nullptr) return;
    for (Progress& peer : leading->peers)
      if (peer.was_offered(input.id)) forget_offer(*leading, peer);
    return;
  }
  shelf->index = input.mark.head.position.index;
  shelf->meta =
      SnapshotMeta{input.id, self, settings.self.peer_address, std::move(input.mark), input.bytes};
  out.trace(SnapshotMade{input.id, shelf->index, input.bytes});
  if (leading == nullptr) return release_shelf();
  for (Progress& peer : leading->peers) {
    if (!peer.was_offered(input.id)) continue;
    // While it was taken somebody may have said that its state differs.
    if (!may_have_state(*leading, peer)) {
      forget_offer(*leading, peer);
      continue;
    }
    // To one whose state is to be replaced it is offered once it is known to be right.
    if (!peer.fetch()) continue;
    peer.await_snapshot(input.id, shelf->index, now);
    send_offer(peer);
  }
}

void Engine::Parts::on_snapshot_reply(const Message& message) {
  auto& leading = std::get<Leading>(role);
  Progress* peer = leading.find(message.from);
  if (peer == nullptr || (!peer->fetch() && !peer->mending)) return;
  const auto& reply = std::get<SnapshotReply>(message.body);
  switch (reply.verdict) {
    case SnapshotVerdict::has_it:
      if (!peer->fetch()) return;
      peer->probe_from(reply.commit.next(), leading.append_id);
      return;
    case SnapshotVerdict::fetching: return;
    case SnapshotVerdict::failed: break;
  }
  if (!peer->was_offered(reply.id)) return;
  out.trace(SnapshotDropped{reply.id, "member " + to_string(peer->id()) + " could not fetch it"});
  // Another one may do better, where the source has lost this one; where the member has no room, it
  // will not for a while.
  peer->fetch_failed(now, config.join_retry, config.join_retry_max);
  if (shelf && shelf->id == reply.id) {
    release_shelf();
    next_snapshot = now + config.join_retry;
  }
  forget_offer(leading, *peer);
}

void Engine::Parts::forget_offer(Leading& leading, Progress& peer) {
  peer.mending.reset();
  if (peer.fetch()) peer.restart_probe(leading.append_id);
}

void Engine::Parts::on_staging(Leading& leading, Progress& peer, const HeartbeatReply& reply) {
  const Index base = log.base().head.position.index;
  if (reply.staging && peer.fetch() && peer.fetch()->id == reply.staging->id) {
    const bool moved = peer.fetched(reply.staging->bytes, now);
    Joining* joining = leading.find_joining(peer.id());
    if (moved && joining != nullptr) joining->progressed_at = now;
    return;
  }
  // What an earlier leader offered is as good, as long as this log goes on after it.
  if (reply.staging && reply.staging->index >= base && lacks_entries(peer)) {
    peer.await_snapshot(reply.staging->id, reply.staging->index, now);
    peer.offered(now);
    return;
  }
  if (!peer.fetch() || now - peer.fetch()->offered_at < config.election_min) return;
  // It fetches nothing, or something that is too old: the offer was lost, or what came of it.
  const bool is_here = shelf && shelf->id == peer.fetch()->id;
  if (!is_here || !may_have_state(leading, peer)) return peer.restart_probe(leading.append_id);
  if (shelf->meta) send_offer(peer);
}

void Engine::Parts::release_unused_shelf(const Leading* leading) {
  if (!shelf || !shelf->meta) return;
  const auto fetches = [this](const Progress& peer) { return peer.was_offered(shelf->id); };
  if (leading == nullptr || std::ranges::none_of(leading->peers, fetches)) release_shelf();
}

// ---- the side of who needs it

void Engine::Parts::on_snapshot_offer(const Message& message) {
  hear_leader(message);
  const auto& offer = std::get<SnapshotOffer>(message.body);
  const auto answer = [&](SnapshotId id, SnapshotVerdict verdict) {
    out.send(message.from, hard_state.epoch, SnapshotReply{id, verdict, delivery.commit()});
  };
  if (diverged && offer.meta.index() < needs_from())
    return answer(offer.meta.id, SnapshotVerdict::failed);
  if (!diverged && offer.meta.index() <= delivery.commit())
    return answer(offer.meta.id, SnapshotVerdict::has_it);
  if (fetching) {
    // The leader's log still goes on after the one that is under way: its bytes are not wasted.
    const bool fits = fetching->meta.index().next() >= offer.log_start &&
                      (!diverged || fetching->meta.index() >= needs_from());
    if (fetching->meta.id == offer.meta.id || fits)
      return answer(fetching->meta.id, SnapshotVerdict::fetching);
    out.add(CancelFetch{fetching->meta.id});
  }
  fetching = Fetching{offer.meta, 0};
  out.trace(SnapshotFetched{offer.meta.id, offer.meta.source, offer.meta.index()});
  out.add(FetchSnapshot{offer.meta});
  answer(offer.meta.id, SnapshotVerdict::fetching);
}

void Engine::Parts::on(SnapshotProgress input) {
  if (fetching && fetching->meta.id == input.id) fetching->bytes = input.bytes;
}

void Engine::Parts::on(SnapshotFetchFailed input) {
  if (!fetching || fetching->meta.id != input.id) return;
  fetching.reset();
  out.trace(SnapshotDropped{input.id, input.error.detail});
  const MemberId leader = known_leader();
  if (leader.is_none() || leader == self) return;
  out.send(leader, hard_state.epoch,
           SnapshotReply{input.id, SnapshotVerdict::failed, delivery.commit()});
}

void Engine::Parts::on(SnapshotStaged input) {
  if (!fetching || fetching->meta.id != input.id) return out.add(CancelFetch{input.id});
  const SnapshotMeta meta = std::move(fetching->meta);
  fetching.reset();
  // A candidate may be about to lead with the log that it has.
  const bool may =
      std::holds_alternative<Following>(role) || std::holds_alternative<Precampaigning>(role);
  const bool wanted = diverged ? meta.index() >= needs_from() : meta.index() > delivery.commit();
  if (!may || stop_after || !wanted) {
    out.trace(SnapshotDropped{meta.id, "its state is here already"});
    return out.add(CancelFetch{meta.id});
  }
  if (std::holds_alternative<Precampaigning>(role))
    become_follower(hard_state.epoch, MemberId(), RoleReason::snapshot_installed);
  install(meta);
}

bool Engine::Parts::has_entry(const ChainHead& head) const {
  const Index index = head.position.index;
  return index <= log.last_index() && log.epoch_at(index) == head.position.epoch;
}

void Engine::Parts::install(const SnapshotMeta& meta) {
  const ChainHead& head = meta.mark.head;
  const bool keeps_tail = has_entry(head);
  if (keeps_tail && log.hash_at(head.position.index).value_or(head.hash) != head.hash)
    return fatal("a snapshot with another history at " + to_string(head.position) + " [I2]");
  ++state_generation;
  const InstallRequest request{{head, meta.mark.view}, state_generation, keeps_tail};
  installing = out.order_install(meta, request);
  log.install(request, *installing, delivery.commit());
  trim_points.clear();
  last_trim_point = head.position.index;
  // Of the state before, if it has diverged, more may have been durable.
  state_durable = head.position.index;
  if (std::exchange(diverged, false)) {
    mended_by = *installing;
    out.trace(StateMended{head.position});
  }
  samples.clear();
  if (outbox.handed_on_any() && meta.mark.has_forgotten && !meta.mark.knows(self))
    return fatal_forgotten();
  delivery.restore(meta.mark, out.effects());
  for (const SenderRow& row : meta.mark.rows)
    if (row.sender == self && row.boot == boot)
      for (const auto& [first, count] : outbox.delivered_up_to(row.seq))
        out.add(Completed{first, count, std::nullopt, {}});
  if (excluded && log.view().position > excluded->view.position && log.view().view.has_voter(self))
    excluded.reset();
  retire_peers();
  out.trace(SnapshotInstalled{meta.id, head.position, keeps_tail});
  const MemberId leader = known_leader();
  if (leader.is_none()) return;
  AppendReply reply;
  reply.match = head.position.index;
  reply.last_index = log.last_index();
  reply.disk_full = health.disk_full;
  out.send(leader, hard_state.epoch, reply, *installing);
}

}  // namespace gms::core
