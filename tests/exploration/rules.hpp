#pragma once

#include <cstdint>

#include "tests/exploration/state.hpp"

namespace tests::exploration {

/// What can be wrong with the rules. Each breach drops one rule of docs/protocol.md or adds what
/// the rule forbids; everything else stays as it is.
enum class Breach : std::uint8_t {
  none,
  /// A leader appends a view before it has committed an entry of its epoch [C4].
  view_before_own_commit,
  /// A leader commits entries of earlier epochs by counting them [C1].
  old_epoch_commit,
  /// A leader appends a view while the one before it is not committed [C4].
  uncommitted_views,
  /// A view differs from the one before it in any number of voters [C4].
  large_changes,
  /// A view is in force at a member from where that member knows it committed [C3].
  view_at_commit,
  /// The same in elections only: leaders count by the latest view in the log [C3].
  election_by_committed_view,
  /// A leader counts everybody's acknowledgements [C5].
  foreign_acknowledgements,
  /// A candidate counts everybody's votes [C5].
  foreign_votes,
  /// Half of an even number is a quorum.
  half_quorum,
  /// A leader leaves whom it suspects out of its quorum without a view; at worst, all others.
  silent_eviction,
  /// Anybody gets a vote, however old its log [C2].
  no_log_comparison,
  /// Votes compare the logs' lengths alone [C2].
  length_only,
  /// Votes compare the epochs that the members are in, and lengths, instead of last positions [C2].
  current_epoch,
  /// A disk is lost, and its member goes on under the same incarnation [C9].
  lost_disk,
  /// The same, but only where a view without the member has been committed [C9].
  lost_disk_of_evicted,
  /// The last entry of a log is acknowledged, and then lost [C11].
  lost_tail,
  /// A vote is given, and then lost [C11].
  lost_vote,
  /// Until a leader knows the latest view committed, it counts everything by the view before [C5].
  lagging_view,
  /// A leader counts the entry of a view by the view before it, and all others by the latest. This
  /// breaks nothing.
  commit_by_old_view,
};

/// Every decision that the safety of the protocol rests on, and none of their effects (those are
/// the model's). With Breach::none they are the rules of docs/protocol.md. Thread rule: any.
class Rules {
 public:
  explicit Rules(Bounds bounds, Breach breach = Breach::none) : bounds_(bounds), breach_(breach) {}

  /// Whether `candidate`, before it raises its epoch, may ask for votes: it is a voter itself.
  [[nodiscard]] bool may_campaign(const State& state, MemberNumber candidate) const;
  /// Whether `voter`, asked in `epoch`, votes for `candidate`, which is still in its old epoch.
  [[nodiscard]] bool grants(const State& state, MemberNumber voter, MemberNumber candidate,
                            Epoch epoch) const;
  /// Whether the votes of `voters` make `candidate` a leader.
  [[nodiscard]] bool is_elected(const State& state, MemberNumber candidate, MemberSet voters) const;
  /// How many votes `candidate` needs.
  [[nodiscard]] std::size_t votes_needed(const State& state, MemberNumber candidate) const;
  /// Whose votes `candidate` counts.
  [[nodiscard]] MemberSet electorate(const State& state, MemberNumber candidate) const;

  /// The largest index that `leader` may call committed, at least what it did before.
  [[nodiscard]] Index commit_of(const State& state, MemberNumber leader) const;

  /// Whether `leader` may append the view `next`.
  [[nodiscard]] bool may_append_view(const State& state, MemberNumber leader, MemberSet next) const;

  [[nodiscard]] bool may_lose_disk(const State& state, MemberNumber member) const;
  [[nodiscard]] bool may_lose_tail() const { return breach_ == Breach::lost_tail; }
  [[nodiscard]] bool may_lose_vote() const { return breach_ == Breach::lost_vote; }

  /// Whether any decision reads what a member knew to be committed before it won its epoch. Where
  /// none does, states that differ in that alone are one.
  [[nodiscard]] bool read_earlier_commits() const;

 private:
  [[nodiscard]] std::size_t quorum(MemberSet view) const;
  [[nodiscard]] MemberSet everybody() const { return MemberSet::first(bounds_.members); }
  [[nodiscard]] MemberSet view_of_elections(const Member& candidate) const;
  [[nodiscard]] MemberSet view_of_commits(const Member& leader, Index index) const;
  [[nodiscard]] bool at_least_as_late(const Member& candidate, const Member& voter) const;
  [[nodiscard]] bool has_quorum_at(const State& state, MemberNumber leader, Index index) const;
  [[nodiscard]] bool is_evicted(const State& state, MemberNumber member) const;

  Bounds bounds_;
  Breach breach_;
};

}  // namespace tests::exploration
