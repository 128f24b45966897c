#include <algorithm>

#include "gms/core/engine_parts.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

VoterFacts Engine::Parts::voter_facts(const Leading& leading, const MemberId& id) const {
  VoterFacts facts;
  facts.id = id;
  facts.self = id == self;
  if (facts.self) {
    facts.lag_bytes = log.bytes_after(log.stable());
    facts.keeps_state = !diverged;
  }
  if (const Progress* peer = leading.find(id)) {
    facts.silence = peer->silence(now);
    facts.spoke = peer->spoke();
    facts.heard_for = facts.silence < config.election_min ? peer->heard_for(now) : Duration();
    facts.lag_bytes = log.bytes_after(peer->match());
    facts.flaps = peer->flaps();
    facts.regressed = peer->regressed();
    facts.keeps_state = has_state_in_use(*peer) && !lacks_entries(*peer);
    // In a dispute it is given no state, and the removal may be what ends that.
    const bool waits_for_removal = lacks_entries(*peer) && !diverged && states_differ(leading);
    const bool keeps_pace = !lacks_entries(*peer) && peer->match() >= leading.pace;
    facts.takes_entries = (keeps_pace || waits_for_removal) && !peer->disk_full;
    // Until then it is only supposed that it has what this leader has, and its state in use.
    facts.is_known = peer->acked_heartbeat != HeartbeatSeq() &&
                     (peer->match() >= leading.epoch_start || waits_for_removal);
    if (const auto since = peers.down_since(id)) facts.process_dead_for = now - *since;
  }
  return facts;
}

PolicyFacts Engine::Parts::policy_facts(const Leading& leading) const {
  PolicyFacts facts{log.view().view, {}, {}, leading.leaving, group_clock(leading), {}};
  for (const Member& member : facts.view.members)
    facts.voters.push_back(voter_facts(leading, member.id));
  // The request of one that was not heard yet may be of long ago.
  for (const Joining& joining : leading.joining)
    if (joining.heartbeats > 0) facts.joiners.push_back({joining.member, may_vote(joining)});
  if (leading.lowered_at) facts.since_lowered = now - *leading.lowered_at;
  return facts;
}

bool Engine::Parts::can_propose_view(const Leading& leading) const {
  return leading.own_epoch_committed && delivery.commit() >= leading.pending_view &&
         !leading.transfer && !health.disk_full;
}

void Engine::Parts::run_policy(Leading& leading) {
  if (!can_propose_view(leading)) return;
  const PolicyFacts facts = policy_facts(leading);
  const auto change = next_view_change(facts, config);
  if (!change) return;
  trace_reason(*change, facts.voters);
  propose_view(leading, *change);
}

void Engine::Parts::trace_reason(const ViewChange& change, const std::vector<VoterFacts>& voters) {
  for (const VoterFacts& voter : voters) {
    if (std::find(change.members.begin(), change.members.end(), voter.id) == change.members.end())
      continue;
    if (change.cause == ViewCause::down)
      out.trace(MemberSuspected{voter.id, voter.silence, voter.process_dead_for.has_value()});
    if (change.cause == ViewCause::evict)
      out.trace(MemberEvicted{voter.id, change.reason, voter.silence});
  }
}

void Engine::Parts::propose_view(Leading& leading, const ViewChange& change) {
  GMS_ASSERT(can_propose_view(leading), "I13");
  const View next = changed(log.view().view, change, group_clock(leading));
  GMS_ASSERT(next.has_voter(self), "I17");
  const bool above_floor = change.cause != ViewCause::evict || next.members.size() >= next.floor;
  GMS_ASSERT(above_floor, "I17");
  note_change(leading, change);
  append_kind(EntryKind::view, encode(next));
  leading.pending_view = log.last_index();
  if (leading.rows_at_end) leading.rows_at_end->view_installed(next);
  out.trace(ViewProposed{log.view()});
  // A smaller quorum may be there already.
  maybe_commit(leading);
}

void Engine::Parts::note_change(Leading& leading, const ViewChange& change) {
  const MemberId& subject = change.members.front();
  const std::size_t voters = log.view().view.members.size();
  switch (change.cause) {
    case ViewCause::up:
    case ViewCause::down:
      for (const MemberId& id : change.members) {
        Progress* const peer = leading.find(id);
        if (peer == nullptr) continue;
        if (change.cause == ViewCause::up) peer->marked_up(now);
        if (change.cause == ViewCause::down) peer->marked_down(now, config.up_hysteresis_max);
      }
      break;
    case ViewCause::leave: std::erase(leading.leaving, subject); break;
    case ViewCause::join:
      std::erase_if(leading.joining, [&](const Joining& j) { return j.member.id == subject; });
      break;
    case ViewCause::evict:
      // What goes together is one eviction: only its last one lowers the quorum.
      if (evicted_together(voters, config.evict_mode) == 1) leading.lowered_at = now;
      break;
    case ViewCause::maintenance:
    case ViewCause::bootstrap: break;
  }
}

}  // namespace gms::core
