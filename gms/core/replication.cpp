#include "gms/core/engine_parts.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

GroupClock Engine::Parts::group_clock(const Leading& leading) const {
  const auto elapsed = static_cast<std::uint64_t>((now - leading.elected_at).count());
  return std::max(log.head().clock, leading.clock_base + elapsed);
}

EntryRun Engine::Parts::append_local(EntryRunBuilder& drafts) {
  const auto& leading = std::get<Leading>(role);
  EntryRun run = drafts.seal(log.head(), hard_state.epoch, group_clock(leading));
  log.append(run, out.order_entries(run));
  out.trace(EntriesAppended{hard_state.epoch, run.first_index(), run.last_index()});
  return run;
}

void Engine::Parts::append_kind(EntryKind kind, ByteSpan payload) {
  EntryRunBuilder drafts;
  drafts.append(kind, {payload});
  append_local(drafts);
}

void Engine::Parts::replicate_all(Leading& leading) {
  for (Progress& peer : leading.peers) replicate(leading, peer);
}

bool Engine::Parts::is_fed(const Leading& leading, const Progress& peer) const {
  if (peer.regressed()) return false;
  if (log.view().view.has_voter(peer.id())) return true;
  // A removed member is not told of its removal before that is committed [C6]; a joiner is fed
  // when it has shown that it hears and is heard.
  const Joining* joining = leading.find_joining(peer.id());
  return joining != nullptr && joining->heartbeats >= kJoinHeartbeats;
}

bool Engine::Parts::lacks_entries(const Progress& peer) const {
  const Index base = log.base().head.position.index;
  return peer.next() <= base && !peer.may_reach(base);
}

void Engine::Parts::replicate(Leading& leading, Progress& peer) {
  if (!is_fed(leading, peer)) return;
  const Index base = log.base().head.position.index;
  // What it acknowledged last may be long ago, and its log go on behind the base.
  if (peer.next() <= base && !lacks_entries(peer) && !peer.fetch())
    peer.probe_from(base.next(), leading.append_id);
  const Progress::Window window{config.inflight_max, config.inflight_bytes_max};
  while (peer.may_send(window)) {
    if (peer.next() > log.last_index()) break;
    if (lacks_entries(peer)) return offer_snapshot(leading, peer);
    if (peer.next() < log.first_in_memory()) {
      peer.start_reading();
      out.add(ReadEntries{{peer.id(), peer.next(), config.append_bytes_max}});
      return;
    }
    send_append(leading, peer, log.read(peer.next(), config.append_bytes_max));
  }
  const bool behind = peer.commit_sent < std::min(delivery.commit(), peer.match());
  const bool idle = peer.state() == ProgressState::replicate && peer.inflight() == 0;
  // Under load the next Append carries the commit; an empty one only where nothing is under way.
  if ((behind && idle) || (peer.state() == ProgressState::probe && peer.may_send(window)))
    send_append(leading, peer, {});
}

Append Engine::Parts::append_after(Leading& leading, const Position& previous,
                                   const EntryHash& hash) {
  Append append;
  append.id = ++leading.append_id;
  append.previous = previous;
  append.previous_hash = hash;
  append.commit = delivery.commit();
  return append;
}

void Engine::Parts::send_append(Leading& leading, Progress& peer, std::vector<EntryRun> entries) {
  const Index previous = peer.next().previous();
  const auto hash = log.hash_at(previous);
  if (!hash) {
    // Only the log's files still know the hash before these entries.
    peer.start_reading();
    out.add(ReadEntries{{peer.id(), peer.next(), config.append_bytes_max}});
    return;
  }
  Append append = append_after(leading, log.position_at(previous), *hash);
  Index last = previous;
  std::size_t bytes = 0;
  for (const EntryRun& run : entries) {
    last = run.last_index();
    bytes += run.bytes();
  }
  append.entries = std::move(entries);
  peer.sent(last, bytes);
  peer.commit_sent = std::min(delivery.commit(), last);
  // Entries may overtake the leader's own disk: it counts itself only when they are durable [C11].
  out.send(peer.id(), hard_state.epoch, std::move(append));
}

void Engine::Parts::on_entries_for_peer(Leading& leading, const ReadAnswer& answer) {
  Progress* peer = leading.find(answer.reader);
  if (peer == nullptr || peer->state() != ProgressState::reading) return;
  peer->finish_reading();
  if (!is_fed(leading, *peer)) return;
  // Since the request the peer may have moved on, and an earlier leader's request may be answered.
  if (answer.gone || answer.first != peer->next() || answer.entries.empty()) return;
  // Or the log was trimmed, and a snapshot is what it gets.
  if (answer.first <= log.base().head.position.index) return;
  const ChainHead head = answer.entries.head();
  if (head.position.index > log.last_index() ||
      log.position_at(head.position.index) != head.position)
    return;
  Append append = append_after(leading, answer.previous.position, answer.previous.hash);
  append.entries.push_back(answer.entries);
  peer->sent(head.position.index, answer.entries.bytes());
  peer->commit_sent = std::min(delivery.commit(), head.position.index);
  out.send(peer->id(), hard_state.epoch, std::move(append));
}

void Engine::Parts::send_probe_of_end(Leading& leading, Progress& peer) {
  // A lost last Append or a lost window shows as a rejection of what would follow it.
  const Index previous = peer.next().previous();
  const auto hash = log.hash_at(previous);
  if (!hash) {
    // What came before is in the log's files alone: the window is given up and read again.
    peer.restart_probe(leading.append_id);
    return;
  }
  out.send(peer.id(), hard_state.epoch, append_after(leading, log.position_at(previous), *hash));
}

void Engine::Parts::on_append_reply(const Message& message) {
  auto& leading = std::get<Leading>(role);
  Progress* peer = leading.find(message.from);
  if (peer == nullptr) return;
  const auto& reply = std::get<AppendReply>(message.body);
  // A late copy of a reply says nothing of now.
  if (reply.id > peer->answered_append) {
    peer->heard(now, config.election_min);
    peer->answered_append = reply.id;
    peer->disk_full = reply.disk_full;
    peer->last_index = reply.last_index;
  }
  if (reply.verdict == AppendVerdict::accepted) on_accepted(leading, *peer, reply);
  if (reply.verdict == AppendVerdict::rejected) on_rejected(leading, *peer, reply);
}

void Engine::Parts::on_accepted(Leading& leading, Progress& peer, const AppendReply& reply) {
  if (reply.match > log.last_index()) return fatal("an acknowledgement beyond the log [I10]");
  if (!peer.accepted(reply.match, leading.append_id)) return;
  if (Joining* joining = leading.find_joining(peer.id())) check_joiner(leading, *joining, peer);
  maybe_commit(leading);
}

void Engine::Parts::on_rejected(Leading& leading, Progress& peer, const AppendReply& reply) {
  switch (peer.judge(reply)) {
    case Progress::Rejection::stale: return;
    case Progress::Rejection::lost_entries:
      peer.mark_regressed();
      out.trace(MemberRegressed{peer.id(), peer.match(), reply.last_index});
      out.send(peer.id(), hard_state.epoch, Regressed{peer.match(), peer.match_id()});
      return;
    case Progress::Rejection::retry: break;
  }
  // The largest place where both logs can agree: not after the hint, not of a later epoch than it.
  const Index high = std::min(reply.hint.index, log.last_index());
  const Index agreed =
      log.last_at_or_below(reply.hint.epoch, log.base().head.position.index, high.next());
  peer.probe_from(std::min(reply.rejected, agreed.next()), leading.append_id);
  if (peer.next() <= log.base().head.position.index) peer.mark_lacking();
  replicate(leading, peer);
}

}  // namespace gms::core
