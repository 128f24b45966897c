#include "tests/exploration/rules.hpp"

#include <algorithm>

namespace tests::exploration {

std::size_t Rules::quorum(MemberSet view) const {
  if (breach_ == Breach::half_quorum) return (view.size() + 1) / 2;
  return view.size() / 2 + 1;
}

// [C3] The latest view in the own log counts, committed or not.
MemberSet Rules::view_of_elections(const Member& candidate) const {
  const bool committed_only =
      breach_ == Breach::view_at_commit || breach_ == Breach::election_by_committed_view;
  const Index end = committed_only ? candidate.commit : candidate.log.last();
  return candidate.log.at(candidate.log.latest_view(end)).view;
}

// By what a leader counts who has the entry at `index`: [C3] again.
MemberSet Rules::view_of_commits(const Member& leader, Index index) const {
  const Log& log = leader.log;
  const Index latest = log.latest_view();
  const bool by_view_before = (breach_ == Breach::lagging_view && latest > leader.commit) ||
                              (breach_ == Breach::commit_by_old_view && latest == index);
  if (by_view_before) return log.at(log.latest_view(static_cast<Index>(latest - 1))).view;
  if (breach_ == Breach::view_at_commit) return log.at(log.latest_view(leader.commit)).view;
  return log.at(latest).view;
}

bool Rules::may_campaign(const State& state, MemberNumber candidate) const {
  return view_of_elections(state.members[candidate]).contains(candidate);
}

// [C2] The epoch of the last entry first, its index next, and nothing else.
bool Rules::at_least_as_late(const Member& candidate, const Member& voter) const {
  const Index last = candidate.log.last();
  const Index voter_last = voter.log.last();
  switch (breach_) {
    case Breach::no_log_comparison: return true;
    case Breach::length_only: return last >= voter_last;
    case Breach::current_epoch:
      return candidate.epoch != voter.epoch ? candidate.epoch > voter.epoch : last >= voter_last;
    default: break;
  }
  const Epoch epoch = candidate.log.at(last).epoch;
  const Epoch voter_epoch = voter.log.at(voter_last).epoch;
  return epoch != voter_epoch ? epoch > voter_epoch : last >= voter_last;
}

bool Rules::grants(const State& state, MemberNumber voter, MemberNumber candidate,
                   Epoch epoch) const {
  const Member& asked = state.members[voter];
  const bool vote_is_free = asked.epoch < epoch || (asked.epoch == epoch && !asked.voted);
  return vote_is_free && at_least_as_late(state.members[candidate], asked);
}

MemberSet Rules::electorate(const State& state, MemberNumber candidate) const {
  if (breach_ == Breach::foreign_votes) return everybody();
  return view_of_elections(state.members[candidate]);
}

std::size_t Rules::votes_needed(const State& state, MemberNumber candidate) const {
  return quorum(view_of_elections(state.members[candidate]));
}

// [C5] Votes count if they come from voters of the view in the candidate's own log.
bool Rules::is_elected(const State& state, MemberNumber candidate, MemberSet voters) const {
  return (voters & electorate(state, candidate)).size() >= votes_needed(state, candidate);
}

// [C5] So do acknowledgements. The leader's own log is its own acknowledgement.
bool Rules::has_quorum_at(const State& state, MemberNumber leader, Index index) const {
  const Member& member = state.members[leader];
  const MemberSet view = view_of_commits(member, index);
  const MemberSet counted = breach_ == Breach::foreign_acknowledgements ? everybody() : view;
  std::size_t acknowledged = 0;
  for (MemberNumber other = 0; other < bounds_.members; ++other)
    if (counted.contains(other) && (other == leader || member.match[other] >= index))
      ++acknowledged;
  return acknowledged >= (breach_ == Breach::silent_eviction ? 1 : quorum(view));
}

// [C1] By counting, a leader commits entries of its own epoch only.
Index Rules::commit_of(const State& state, MemberNumber leader) const {
  const Member& member = state.members[leader];
  for (Index index = member.log.last(); index > member.commit; --index) {
    const bool counts =
        member.log.at(index).epoch == member.epoch || breach_ == Breach::old_epoch_commit;
    if (counts && has_quorum_at(state, leader, index)) return index;
  }
  return member.commit;
}

// [C4] After a commit of the own epoch, one view at a time, by one voter, and never without itself.
bool Rules::may_append_view(const State& state, MemberNumber leader, MemberSet next) const {
  const Member& member = state.members[leader];
  const Index latest = member.log.latest_view();
  const MemberSet change = member.log.at(latest).view ^ next;
  const bool own_commit = member.log.at(member.commit).epoch == member.epoch;
  if (!next.contains(leader) || change.empty() || next.size() < bounds_.floor) return false;
  if (!own_commit && breach_ != Breach::view_before_own_commit) return false;
  if (latest > member.commit && breach_ != Breach::uncommitted_views) return false;
  return change.size() == 1 || breach_ == Breach::large_changes;
}

bool Rules::is_evicted(const State& state, MemberNumber member) const {
  return std::ranges::any_of(state.members, [&](const Member& other) {
    const Index latest = other.log.latest_view();
    return other.leads && latest <= other.commit && !other.log.at(latest).view.contains(member);
  });
}

// [C9] A member that lost its disk is another member, so to the rules it has only stopped.
bool Rules::may_lose_disk(const State& state, MemberNumber member) const {
  if (breach_ == Breach::lost_disk_of_evicted) return is_evicted(state, member);
  return breach_ == Breach::lost_disk;
}

bool Rules::read_earlier_commits() const {
  switch (breach_) {
    case Breach::view_at_commit:
    case Breach::election_by_committed_view:
    case Breach::view_before_own_commit: return true;
    default: return false;
  }
}

}  // namespace tests::exploration
