#include <algorithm>

#include "gms/core/engine_parts.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

std::vector<VoterFacts> Engine::Parts::voter_facts(const Leading& leading) const {
  std::vector<VoterFacts> voters;
  for (const Member& member : log.view().view.members) {
    VoterFacts facts;
    facts.id = member.id;
    facts.self = member.id == self;
    if (facts.self) facts.lag_bytes = log.bytes_after(log.stable());
    if (const Progress* peer = leading.find(member.id)) {
      facts.silence = peer->silence(now);
      facts.spoke = peer->spoke();
      facts.heard_for = facts.silence < config.election_min ? peer->heard_for(now) : Duration();
      facts.lag_bytes = log.bytes_after(peer->match());
      if (const auto since = peers.down_since(member.id)) facts.process_dead_for = now - *since;
    }
    voters.push_back(facts);
  }
  return voters;
}

bool Engine::Parts::can_propose_view(const Leading& leading) const {
  return leading.own_epoch_committed && delivery.commit() >= leading.pending_view &&
         !leading.transfer && !health.disk_full;
}

void Engine::Parts::run_policy(Leading& leading) {
  if (!can_propose_view(leading)) return;
  PolicyFacts facts{log.view().view, voter_facts(leading), {}, leading.leaving};
  for (const Joining& joining : leading.joining) {
    // Its acknowledgement may be needed at once: one that fell silent meanwhile has to wait.
    const Progress* peer = leading.find(joining.member.id);
    const bool heard = peer != nullptr && peer->silence(now) < config.election_min;
    if (joining.ready && heard) facts.ready_joiners.push_back(joining.member);
  }
  const auto change = next_view_change(facts, config);
  if (!change) return;
  trace_suspicion(*change, facts.voters);
  propose_view(leading, *change);
}

void Engine::Parts::trace_suspicion(const ViewChange& change,
                                    const std::vector<VoterFacts>& voters) {
  if (change.cause != ViewCause::down) return;
  for (const VoterFacts& voter : voters)
    if (std::find(change.members.begin(), change.members.end(), voter.id) != change.members.end())
      out.trace(MemberSuspected{voter.id, voter.silence, voter.process_dead_for.has_value()});
}

void Engine::Parts::propose_view(Leading& leading, const ViewChange& change) {
  GMS_ASSERT(can_propose_view(leading), "I13");
  const View next = changed(log.view().view, change);
  GMS_ASSERT(next.has_voter(self), "I17");
  append_kind(EntryKind::view, encode(next));
  leading.pending_view = log.last_index();
  if (leading.rows_at_end) leading.rows_at_end->view_installed(next);
  out.trace(ViewProposed{log.view()});
  if (change.cause == ViewCause::leave) std::erase(leading.leaving, change.members.front());
  if (change.cause == ViewCause::join)
    std::erase_if(leading.joining,
                  [&](const Joining& j) { return j.member.id == change.joiner.id; });
  // A smaller quorum may be there already.
  maybe_commit(leading);
}

}  // namespace gms::core
