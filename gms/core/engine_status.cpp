#include "gms/core/engine_parts.hpp"

#include <algorithm>

namespace gms::core {

using namespace model;

namespace {

PeerStatus describe_peer(const Progress& peer, const VoterFacts& facts, const View& view) {
  return {peer.id(),         view.has_voter(peer.id()),
          peer.state(),      peer.match(),
          peer.next(),       peer.inflight(),
          peer.applied,      facts.silence,
          facts.regressed,   peer.diverged || peer.reported.wants_from,
          peer.disputed,     facts.takes_entries && !facts.regressed,
          facts.keeps_state, peer.fetch() ? std::optional(peer.fetch()->bytes) : std::nullopt};
}

}  // namespace

Status Engine::status() const {
  const Parts& p = *parts_;
  Status status;
  status.self = p.self;
  status.role = p.role_name();
  status.epoch = p.hard_state.epoch;
  status.base = p.log.base().head.position.index;
  status.last = p.log.last_index();
  status.stable = p.log.stable();
  status.commit = p.delivery.commit();
  status.delivered = p.delivery.delivered();
  status.applied = p.delivery.applied();
  status.view_in_log = p.log.view();
  status.committed_view = p.log.view_at(p.delivery.commit());
  status.excluded = p.excluded.has_value();
  status.diverged = p.diverged;
  status.disk_full = p.health.disk_full;
  status.disk_low = p.health.disk_low;
  status.uncommitted_bytes = p.log.bytes_after(p.delivery.commit());
  status.multicasts_pending = p.outbox.count();
  status.persists_pending = p.out.last_order() - p.durable;
  status.campaigns = p.campaigns;
  status.reads_pending = p.follower_reads.size();
  if (const auto* following = std::get_if<Following>(&p.role)) status.leader = following->leader;
  if (const auto* leading = std::get_if<Leading>(&p.role)) {
    status.leader = p.self;
    status.reads_pending += leading->reads.size() + leading->early_reads.size();
    for (const Progress& peer : leading->peers)
      status.peers.push_back(
          describe_peer(peer, p.voter_facts(*leading, peer.id()), status.view_in_log.view));
  }
  return status;
}

Instant Engine::next_deadline() const {
  const Parts& p = *parts_;
  Instant next = p.last_tick + p.config.stall / 2;
  if (const auto* leading = std::get_if<Leading>(&p.role)) {
    next = std::min({next, leading->next_heartbeat, leading->next_quorum_check});
    // Without anybody to admit or to see off, the policy's own clock is the heartbeat's.
    if (!leading->joining.empty() || !leading->leaving.empty())
      next = std::min(next, std::max(leading->next_policy, p.last_tick + p.config.tick));
  } else {
    next = std::min(next, p.election_deadline);
  }
  if (p.wants_to_join()) next = std::min(next, p.next_join);
  if (!p.outbox.empty()) next = std::min(next, p.next_resend);
  if (const auto expires = p.follower_reads.expires()) next = std::min(next, *expires);
  if (!p.forwarded.empty()) next = std::min(next, p.forwarded.front().expires);
  for (const auto& wish : p.wishes) next = std::min(next, p.deadline_of(wish));
  return std::max(next, p.now);
}

}  // namespace gms::core
