#include "gms/core/view_policy.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;
using namespace std::chrono_literals;

const Config kConfig;

/// Facts about the voters 1..n of a view, all heard just now and caught up; 1 is the leader.
std::vector<VoterFacts> healthy(std::uint64_t voters) {
  std::vector<VoterFacts> facts;
  for (std::uint64_t i = 1; i <= voters; ++i) {
    VoterFacts voter;
    voter.id = member(i);
    voter.heard_for = 60s;
    voter.self = i == 1;
    facts.push_back(voter);
  }
  return facts;
}

PolicyFacts facts_of(const View& view, std::vector<VoterFacts> voters) {
  return {view, std::move(voters), {}, {}, {}, {}};
}

std::optional<ViewChange> decide(const View& view, std::vector<VoterFacts> voters,
                                 std::vector<JoinerFacts> joiners = {},
                                 std::vector<MemberId> leaving = {}) {
  PolicyFacts facts = facts_of(view, std::move(voters));
  facts.joiners = std::move(joiners);
  facts.leaving = std::move(leaving);
  return next_view_change(facts, kConfig);
}

View without_up(View view, std::uint64_t number) {
  std::erase(view.up, member(number));
  return view;
}

Member newcomer(std::uint64_t number) {
  return {member(number), "m" + std::to_string(number), "", ""};
}

TEST(ViewPolicy, LeavesAHealthyViewAlone) {
  const View view = view_of(1, 3);
  EXPECT_FALSE(decide(view, healthy(3)).has_value());
}

TEST(ViewPolicy, MarksAllSilentVotersDownInOneChange) {
  const View view = view_of(1, 5);
  auto facts = healthy(5);
  facts[2].silence = kConfig.suspect;
  facts[4].silence = kConfig.suspect + 1ms;
  facts[3].silence = kConfig.suspect - 1ms;
  const auto change = decide(view, facts);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->cause, ViewCause::down);
  EXPECT_EQ(change->members, (std::vector<MemberId>{member(3), member(5)}));
}

TEST(ViewPolicy, ADeadProcessIsMarkedDownBeforeItsSilenceCounts) {
  const View view = view_of(1, 3);
  auto facts = healthy(3);
  facts[1].process_dead_for = kConfig.crash_confirm - 1ms;
  EXPECT_FALSE(decide(view, facts).has_value());
  facts[1].process_dead_for = kConfig.crash_confirm;
  const auto change = decide(view, facts);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->members, (std::vector<MemberId>{member(2)}));
}

TEST(ViewPolicy, NeverSuspectsTheLeaderItself) {
  const View view = view_of(1, 3);
  auto facts = healthy(3);
  facts[0].silence = 10 * kConfig.suspect;
  EXPECT_FALSE(decide(view, facts).has_value());
}

TEST(ViewPolicy, MarksUpWhoWasHeardLongEnoughAndHasCaughtUp) {
  const View view = without_up(view_of(1, 3), 2);
  auto facts = healthy(3);
  facts[1].heard_for = kConfig.up_hysteresis - 1ms;
  EXPECT_FALSE(decide(view, facts).has_value());
  facts[1].heard_for = kConfig.up_hysteresis;
  facts[1].lag_bytes = kConfig.lag_bytes + 1;
  EXPECT_FALSE(decide(view, facts).has_value());
  facts[1].lag_bytes = kConfig.lag_bytes;
  const auto change = decide(view, facts);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->cause, ViewCause::up);
}

TEST(ViewPolicy, ALeaderThatIsMarkedDownIsUpAtOnce) {
  const View view = without_up(view_of(1, 3), 1);
  auto facts = healthy(3);
  facts[0].heard_for = Duration();
  const auto change = decide(view, facts);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->cause, ViewCause::up);
  EXPECT_EQ(change->members, (std::vector<MemberId>{member(1)}));
}

TEST(ViewPolicy, AdmitsTheOldestReadyJoinerThatFits) {
  View view = view_of(1, 3);
  const Member namesake{member(8), "m2", "", ""};
  const auto change = decide(view, healthy(3), {{namesake, true}, {newcomer(4), true}});
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->cause, ViewCause::join);
  EXPECT_EQ(change->joiner.id, member(4));
  view.voters_max = 3;
  EXPECT_FALSE(decide(view, healthy(3), {{newcomer(4), true}}).has_value());
}

TEST(ViewPolicy, RemovesWhoWasAskedToLeaveWhenNothingElseIsDue) {
  const View view = view_of(1, 3);
  const auto change = decide(view, healthy(3), {}, {member(2)});
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->cause, ViewCause::leave);
  auto facts = healthy(3);
  facts[2].silence = kConfig.suspect;
  const auto first = decide(view, facts, {}, {member(2)});
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->cause, ViewCause::down);
}

TEST(ViewPolicy, ARemovalNeedsAQuorumOfTheOldViewAndOfTheNewOne) {
  const View three = view_of(1, 3);
  auto facts = healthy(3);
  EXPECT_TRUE(may_remove(three, member(3), facts, 500ms));
  // Of {1, 2, 3} without 3 both have to be there.
  facts[1].silence = 500ms;
  EXPECT_FALSE(may_remove(three, member(3), facts, 500ms));
  EXPECT_TRUE(may_remove(three, member(2), facts, 500ms));
  facts[2].silence = 500ms;
  EXPECT_FALSE(may_remove(three, member(2), facts, 500ms));
}

TEST(ViewPolicy, AVoterThatAFreshLeaderHasNotHeardYetCountsForNoQuorum) {
  const View three = view_of(1, 3);
  auto facts = healthy(3);
  facts[2].spoke = false;
  EXPECT_FALSE(may_remove(three, member(2), facts, 500ms));
  EXPECT_TRUE(may_remove(three, member(3), facts, 500ms));
}

TEST(ViewPolicy, WhoCannotAcknowledgeTheNewViewIsNoneOfItsQuorum) {
  const View three = view_of(1, 3);
  auto facts = healthy(3);
  facts[1].regressed = true;
  EXPECT_FALSE(may_remove(three, member(3), facts, 500ms));
  EXPECT_TRUE(may_remove(three, member(2), facts, 500ms));
  facts[1].regressed = false;
  facts[1].takes_entries = false;
  EXPECT_FALSE(may_remove(three, member(3), facts, 500ms));
  // Of four that are heard two of the three that are left are enough.
  facts = healthy(4);
  facts[1].takes_entries = false;
  EXPECT_TRUE(may_remove(view_of(1, 4), member(4), facts, 500ms));
}

TEST(ViewPolicy, NobodyIsRemovedWithWhomTheLastStateInUseWouldGo) {
  const View three = view_of(1, 3);
  auto facts = healthy(3);
  facts[0].keeps_state = facts[1].keeps_state = false;
  EXPECT_TRUE(may_remove(three, member(2), facts, 500ms));
  EXPECT_FALSE(may_remove(three, member(3), facts, 500ms));
  EXPECT_FALSE(why_not_leave(facts_of(three, facts), member(2), kConfig));
  EXPECT_EQ(why_not_leave(facts_of(three, facts), member(3), kConfig)->code, ErrorCode::conflict);
  // Of one that is not heard nobody knows whether it ever comes back.
  facts[1].keeps_state = true;
  facts[1].silence = 500ms;
  EXPECT_EQ(why_not_leave(facts_of(three, facts), member(3), kConfig)->code, ErrorCode::conflict);
}

TEST(ViewPolicy, NobodyIsRemovedFromAViewOfOneOrFromOneItIsNotIn) {
  EXPECT_FALSE(may_remove(view_of(1, 1), member(1), healthy(1), 500ms));
  EXPECT_FALSE(may_remove(view_of(1, 3), member(9), healthy(3), 500ms));
}

TEST(ViewPolicy, AChangeCountsTheViewUpAndKeepsItSorted) {
  View view = without_up(view_of(7, 3), 2);
  const View up = changed(view, {ViewCause::up, {member(2)}, {}, {}, {}}, {});
  EXPECT_EQ(up.seq, ViewSeq(8));
  EXPECT_EQ(up.up, (std::vector<MemberId>{member(1), member(2), member(3)}));
  EXPECT_EQ(up.subject, member(2));
  const View left = changed(up, {ViewCause::leave, {member(1)}, {}, {}, {}}, {});
  EXPECT_FALSE(left.has_voter(member(1)));
  EXPECT_FALSE(left.is_up(member(1)));
  const View joined = changed(left, {ViewCause::join, {member(1)}, newcomer(1), {}, {}}, {});
  EXPECT_EQ(joined.members.front().id, member(1));
  EXPECT_TRUE(joined.is_up(member(1)));
  const View down = changed(joined, {ViewCause::down, {member(1), member(3)}, {}, {}, {}}, {});
  EXPECT_EQ(down.up, (std::vector<MemberId>{member(2)}));
  EXPECT_EQ(down.members.size(), 3U);
}

}  // namespace
}  // namespace gms::core
