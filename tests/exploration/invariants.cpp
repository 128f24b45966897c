#include "tests/exploration/invariants.hpp"

#include <algorithm>

namespace tests::exploration {
namespace {

bool has_what_was_committed_before(const Member& leader, const History& history) {
  for (Index index = 1; index <= history.committed_last; ++index) {
    const History::Committed& committed = history.committed[index];
    if (committed.committed_in < leader.epoch && !leader.log.has(index, committed.epoch))
      return false;
  }
  return true;
}

bool leaders_are_complete(const State& state) {
  return std::ranges::all_of(state.members, [&](const Member& member) {
    return !member.leads || has_what_was_committed_before(member, state.history);
  });
}

/// Where `leader` has committed, it has what was committed there before.
bool contradicts(const Member& leader, const History& history) {
  const Index end = std::min(leader.commit, history.committed_last);
  for (Index index = 1; index <= end; ++index)
    if (!leader.log.has(index, history.committed[index].epoch)) return true;
  return false;
}

}  // namespace

std::string_view name_of(Invariant invariant) {
  switch (invariant) {
    case Invariant::one_leader_an_epoch: return "two leaders in one epoch";
    case Invariant::leader_completeness: return "a leader without a committed entry";
    case Invariant::one_entry_an_index: return "two entries committed at one index";
  }
  return "unknown";
}

std::optional<Invariant> broken_by(const State& before, const Action& action, const State& after) {
  if (action.kind == ActionKind::elect && before.history.won(action.epoch))
    return Invariant::one_leader_an_epoch;
  if (action.kind == ActionKind::commit && contradicts(after.members[action.by], before.history))
    return Invariant::one_entry_an_index;
  if (!leaders_are_complete(after)) return Invariant::leader_completeness;
  return std::nullopt;
}

}  // namespace tests::exploration
