#include "tests/exploration/model.hpp"

#include <algorithm>

namespace tests::exploration {
namespace {

/// Both a crash and the sight of a higher epoch end here.
void stop_leading(Member& member) {
  member.leads = false;
  member.match = {};
}

/// A member that enters an epoch has not voted in it, and leads none before it any more.
void enter_epoch(Member& member, Epoch epoch) {
  if (member.epoch == epoch) return;
  member.epoch = epoch;
  member.voted = false;
  stop_leading(member);
}

void elect(State& state, const Action& action) {
  for (MemberNumber voter = 0; voter < kMembersMax; ++voter) {
    if (!action.members.contains(voter)) continue;
    enter_epoch(state.members[voter], action.epoch);
    state.members[voter].voted = true;
  }
  state.members[action.by].leads = true;
  state.history.epochs_won =
      static_cast<std::uint8_t>(state.history.epochs_won | 1u << action.epoch);
}

/// A log is cut only where it differs, and only for the entry that stands there instead [I3].
void replicate(State& state, const Action& action) {
  Member& leader = state.members[action.by];
  Member& follower = state.members[action.to];
  enter_epoch(follower, leader.epoch);
  Index end = follower.log.agrees_up_to(leader.log);
  if (end < leader.log.last()) {
    follower.log.cut_above(end);
    follower.log.push(leader.log.at(++end));
  }
  leader.match[action.to] = end;
}

void commit(State& state, MemberNumber by, Index commit) {
  Member& leader = state.members[by];
  leader.commit = commit;
  History& history = state.history;
  for (Index index = 1; index <= commit; ++index) {
    History::Committed& seen = history.committed[index];
    if (index > history.committed_last) seen = {leader.log.at(index).epoch, leader.epoch};
    seen.committed_in = std::min(seen.committed_in, leader.epoch);
  }
  history.committed_last = std::max(history.committed_last, commit);
}

void lose_tail(Member& member) {
  member.log.cut_above(static_cast<Index>(member.log.last() - 1));
  member.commit = std::min(member.commit, member.log.last());
  stop_leading(member);
}

}  // namespace

bool Model::allows_election(const State& state, const Action& action) const {
  const MemberNumber candidate = action.by;
  if (action.epoch <= state.members[candidate].epoch || action.epoch > bounds_.epochs) return false;
  if (!rules_.may_campaign(state, candidate) || !action.members.contains(candidate)) return false;
  for (MemberNumber voter = 0; voter < bounds_.members; ++voter)
    if (action.members.contains(voter) && !rules_.grants(state, voter, candidate, action.epoch))
      return false;
  return rules_.is_elected(state, candidate, action.members);
}

bool Model::allows_append(const State& state, MemberNumber leader) const {
  return state.members[leader].leads && state.members[leader].log.last() < bounds_.log;
}

// [C5] Any member takes what the leader of its epoch or of a later one sends, voter or not.
bool Model::allows_replication(const State& state, const Action& action) const {
  const Member& leader = state.members[action.by];
  return leader.leads && action.to != action.by && state.members[action.to].epoch <= leader.epoch;
}

bool Model::allows_learning(const State& state, const Action& action) const {
  const Member& leader = state.members[action.by];
  const Member& follower = state.members[action.to];
  return leader.leads && action.to != action.by && follower.epoch == leader.epoch &&
         std::min(leader.commit, leader.match[action.to]) > follower.commit;
}

bool Model::allows(const State& state, const Action& action) const {
  const Member& member = state.members[action.by];
  switch (action.kind) {
    case ActionKind::elect: return allows_election(state, action);
    case ActionKind::append: return allows_append(state, action.by);
    case ActionKind::append_view:
      return allows_append(state, action.by) &&
             rules_.may_append_view(state, action.by, action.members);
    case ActionKind::replicate: return allows_replication(state, action);
    case ActionKind::commit:
      return member.leads && rules_.commit_of(state, action.by) > member.commit;
    case ActionKind::learn_commit: return allows_learning(state, action);
    case ActionKind::crash: return member.leads;
    case ActionKind::lose_disk: return rules_.may_lose_disk(state, action.by);
    case ActionKind::lose_tail: return rules_.may_lose_tail() && member.log.last() > 0;
    case ActionKind::lose_vote: return rules_.may_lose_vote() && member.voted;
  }
  return false;
}

State Model::after(const State& state, const Action& action) const {
  State next = state;
  Member& member = next.members[action.by];
  switch (action.kind) {
    case ActionKind::elect: elect(next, action); break;
    case ActionKind::append: member.log.push({member.epoch, MemberSet()}); break;
    case ActionKind::append_view: member.log.push({member.epoch, action.members}); break;
    case ActionKind::replicate: replicate(next, action); break;
    case ActionKind::commit: commit(next, action.by, rules_.commit_of(state, action.by)); break;
    case ActionKind::learn_commit:
      next.members[action.to].commit = std::min(member.commit, member.match[action.to]);
      break;
    case ActionKind::crash: stop_leading(member); break;
    case ActionKind::lose_disk:
      member = Member();
      member.log = Log(MemberSet::first(bounds_.founders));
      break;
    case ActionKind::lose_tail: lose_tail(member); break;
    case ActionKind::lose_vote:
      member.voted = false;
      stop_leading(member);
      break;
  }
  return next;
}

void Model::forget(State& state) const {
  if (rules_.read_earlier_commits()) return;
  for (Member& member : state.members) {
    const bool in_own_epoch = member.leads && member.log.at(member.commit).epoch == member.epoch;
    if (!in_own_epoch) member.commit = 0;
  }
}

void Model::actions(const State& state, std::vector<Action>& out) const {
  out.clear();
  for (MemberNumber member = 0; member < bounds_.members; ++member) {
    list_elections(state, member, out);
    if (state.members[member].leads) list_leading(state, member, out);
    list_faults(state, member, out);
  }
}

void Model::list_elections(const State& state, MemberNumber candidate,
                           std::vector<Action>& out) const {
  if (!rules_.may_campaign(state, candidate)) return;
  const MemberSet electorate = rules_.electorate(state, candidate);
  const std::size_t needed = rules_.votes_needed(state, candidate);
  const auto first = static_cast<Epoch>(state.members[candidate].epoch + 1);
  for (Epoch epoch = first; epoch <= bounds_.epochs; ++epoch) {
    MemberSet granting;
    for (MemberNumber voter = 0; voter < bounds_.members; ++voter)
      if (electorate.contains(voter) && rules_.grants(state, voter, candidate, epoch))
        granting.insert(voter);
    // Every subset of a set of bits, from the whole downwards.
    for (unsigned bits = granting.bits(); bits != 0; bits = (bits - 1) & granting.bits()) {
      const MemberSet voters(static_cast<std::uint8_t>(bits));
      const bool is_enough = voters.size() >= needed && voters.contains(candidate);
      if (is_enough && (voters.size() == needed || listing_ == Listing::all))
        out.push_back({ActionKind::elect, candidate, 0, epoch, voters});
    }
  }
}

void Model::list_leading(const State& state, MemberNumber leader, std::vector<Action>& out) const {
  const auto add = [&](const Action& action) {
    if (allows(state, action)) out.push_back(action);
  };
  add({ActionKind::commit, leader, 0, 0, {}});
  add({ActionKind::append, leader, 0, 0, {}});
  for (unsigned bits = 1; bits < 1u << bounds_.members; ++bits)
    add({ActionKind::append_view, leader, 0, 0, MemberSet(static_cast<std::uint8_t>(bits))});
  if (listing_ == Listing::all) add({ActionKind::crash, leader, 0, 0, {}});
  for (MemberNumber follower = 0; follower < bounds_.members; ++follower) {
    add({ActionKind::replicate, leader, follower, 0, {}});
    if (listing_ == Listing::all || rules_.read_earlier_commits())
      add({ActionKind::learn_commit, leader, follower, 0, {}});
  }
}

void Model::list_faults(const State& state, MemberNumber member, std::vector<Action>& out) const {
  for (const ActionKind kind :
       {ActionKind::lose_disk, ActionKind::lose_tail, ActionKind::lose_vote}) {
    const Action action{kind, member, 0, 0, {}};
    if (allows(state, action)) out.push_back(action);
  }
}

}  // namespace tests::exploration
