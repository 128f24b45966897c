#include "tests/exploration/model.hpp"

#include <gtest/gtest.h>

#include "tests/exploration/group_story.hpp"

namespace tests::exploration {
namespace {

constexpr Bounds kThree{3, 3, 5, 5, 1};
constexpr Bounds kFour{4, 4, 5, 5, 1};

MemberSet voters(std::initializer_list<MemberNumber> members) {
  MemberSet set;
  for (const MemberNumber member : members) set.insert(member);
  return set;
}

TEST(Election, NeedsAQuorumOfVotes) {
  GroupStory story(kFour);
  EXPECT_FALSE(story.allows_election(0, 1, voters({0, 1})));
  EXPECT_TRUE(story.allows_election(0, 1, voters({0, 1, 2})));
  EXPECT_FALSE(story.allows_election(0, 1, voters({1, 2, 3}))) << "without its own vote";
}

TEST(Election, CountsVotesOfTheViewInTheOwnLogAlone) {
  GroupStory story(Bounds{4, 3, 3, 3, 1});
  EXPECT_FALSE(story.allows_election(0, 1, voters({0, 3})));
  EXPECT_FALSE(story.allows_election(3, 1, voters({0, 1, 3}))) << "a candidate outside the view";
}

TEST(Election, TakesOneVoteAnEpochFromEachMember) {
  GroupStory story(kThree);
  story.elect(0, 2, voters({0, 1}));
  EXPECT_FALSE(story.allows_election(2, 2, voters({1, 2})));
  EXPECT_FALSE(story.allows_election(2, 1, voters({1, 2}))) << "an epoch that has passed";
  EXPECT_TRUE(story.allows_election(2, 3, voters({1, 2})));
}

TEST(Election, FindsTheVoteFreeOfWhoeverOnlyHeardOfTheEpoch) {
  GroupStory story(kThree);
  story.elect(2, 1, voters({1, 2}));
  story.elect(0, 2, voters({0, 1}));
  story.append(0);
  story.replicate(0, 2);
  EXPECT_EQ(story.member(2).epoch, 2);
  EXPECT_FALSE(story.member(2).voted) << "its vote was one of epoch 1";
  EXPECT_FALSE(story.member(2).leads);
}

TEST(Election, ComparesTheEpochOfTheLastEntryBeforeItsIndex) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 2}));
  story.append(0);
  story.append(0);
  story.elect(1, 2, voters({1, 2}));
  story.append(1);
  EXPECT_FALSE(story.allows_election(0, 3, voters({0, 1}))) << "longer, but of an older epoch";
  EXPECT_TRUE(story.allows_election(1, 3, voters({0, 1})));
}

TEST(Election, EndsTheLeadershipOfWhoeverVotes) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.elect(2, 2, voters({0, 2}));
  EXPECT_FALSE(story.member(0).leads);
  EXPECT_TRUE(story.member(2).leads);
}

TEST(Replication, BringsTheFirstEntryThatIsMissing) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.append(0);
  story.replicate(0, 1);
  EXPECT_EQ(story.member(1).log.last(), 1);
  EXPECT_EQ(story.member(0).match[1], 1);
}

TEST(Replication, CutsTheFollowersLogOnlyWhereItDiffers) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.append(0);
  story.replicate(0, 2);
  story.elect(2, 2, voters({1, 2}));
  story.replicate(2, 0);
  EXPECT_EQ(story.member(0).log.last(), 2) << "what the leader does not have stays until replaced";
  EXPECT_EQ(story.member(2).match[0], 1) << "but it is not acknowledged";
  story.append(2);
  story.replicate(2, 0);
  EXPECT_EQ(story.member(0).log.at(2).epoch, 2);
}

TEST(Replication, DoesNotReachMembersOfALaterEpoch) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.elect(2, 2, voters({1, 2}));
  EXPECT_FALSE(story.allows({ActionKind::replicate, 0, 1, 0, {}}));
}

TEST(Commit, CountsOnlyEntriesOfTheOwnEpoch) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.elect(0, 2, voters({0, 2}));
  story.replicate(0, 1);
  story.replicate(0, 2);
  EXPECT_FALSE(story.allows({ActionKind::commit, 0, 0, 0, {}}));
  story.append(0);
  story.replicate(0, 1);
  story.commit(0);
  EXPECT_EQ(story.member(0).commit, 2) << "the older entry is committed by the one above it";
  EXPECT_EQ(story.state().history.committed_last, 2);
  EXPECT_EQ(story.state().history.committed[1].committed_in, 2);
}

TEST(Commit, IsRememberedUnderTheEarliestEpochThatMadeIt) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.replicate(0, 1);
  story.elect(1, 2, voters({1, 2}));
  story.append(1);
  story.replicate(1, 2);
  story.replicate(1, 2);
  story.commit(1);
  EXPECT_EQ(story.state().history.committed[1].committed_in, 2);
  story.commit(0);
  EXPECT_EQ(story.state().history.committed[1].committed_in, 1) << "the acknowledgement was old";
  EXPECT_EQ(story.state().history.committed[2].committed_in, 2);
}

TEST(Commit, CountsAcknowledgementsOfTheLatestViewInTheLogAlone) {
  GroupStory story(Bounds{4, 3, 3, 5, 1});
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.replicate(0, 3);
  EXPECT_FALSE(story.allows({ActionKind::commit, 0, 0, 0, {}})) << "D is no voter";
  story.replicate(0, 1);
  story.commit(0);
  story.append_view(0, voters({0, 1, 2, 3}));
  story.replicate(0, 1);
  EXPECT_FALSE(story.allows({ActionKind::commit, 0, 0, 0, {}})) << "two of four";
  story.replicate(0, 3);
  story.commit(0);
  EXPECT_EQ(story.member(0).commit, 2);
}

TEST(Commit, IsLearntByAFollowerAsFarAsItHasAcknowledged) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.append(0);
  story.replicate(0, 1);
  story.replicate(0, 1);
  story.replicate(0, 2);
  story.commit(0);
  story.apply({ActionKind::learn_commit, 0, 2, 0, {}});
  EXPECT_EQ(story.member(2).commit, 1);
  EXPECT_FALSE(story.allows({ActionKind::learn_commit, 0, 2, 0, {}})) << "nothing new";
}

/// A leads epoch 1, and has committed an entry of it with B and C.
void lead_with_a_commit(GroupStory& story) {
  story.elect(0, 1, voters({0, 1, 2}));
  story.append(0);
  story.replicate(0, 1);
  story.replicate(0, 2);
  story.commit(0);
}

TEST(ViewChange, WaitsForACommitOfTheOwnEpochAndOfTheViewBefore) {
  GroupStory story(kFour);
  story.elect(0, 1, voters({0, 1, 2}));
  EXPECT_FALSE(story.allows_view(0, voters({0, 1, 2})));
  story.append(0);
  story.replicate(0, 1);
  story.replicate(0, 2);
  story.commit(0);
  story.append_view(0, voters({0, 1, 2}));
  EXPECT_FALSE(story.allows_view(0, voters({0, 1})));
  story.replicate(0, 1);
  story.commit(0);
  EXPECT_TRUE(story.allows_view(0, voters({0, 1})));
}

TEST(ViewChange, AddsOrRemovesOneVoterAndNeverTheLeader) {
  GroupStory story(Bounds{5, 4, 3, 5, 3});
  lead_with_a_commit(story);
  EXPECT_TRUE(story.allows_view(0, voters({0, 1, 2})));
  EXPECT_TRUE(story.allows_view(0, voters({0, 1, 2, 3, 4})));
  EXPECT_FALSE(story.allows_view(0, voters({0, 1, 2, 4}))) << "one out and one in";
  EXPECT_FALSE(story.allows_view(0, voters({1, 2, 3})));
}

TEST(ViewChange, DoesNotGoBelowTheFloor) {
  GroupStory story(Bounds{5, 4, 3, 5, 4});
  lead_with_a_commit(story);
  EXPECT_FALSE(story.allows_view(0, voters({0, 1, 2})));
  EXPECT_TRUE(story.allows_view(0, voters({0, 1, 2, 3, 4})));
}

TEST(Crash, LosesNothingButTheLeadership) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.replicate(0, 1);
  story.commit(0);
  Member before = story.member(0);
  story.apply({ActionKind::crash, 0, 0, 0, {}});
  before.leads = false;
  before.match = {};
  EXPECT_EQ(story.member(0), before);
  EXPECT_FALSE(story.allows({ActionKind::append, 0, 0, 0, {}}));
}

TEST(Faults, HappenOnlyInTheVariantThatHasThem) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  for (const ActionKind kind :
       {ActionKind::lose_disk, ActionKind::lose_tail, ActionKind::lose_vote})
    EXPECT_FALSE(story.allows({kind, 0, 0, 0, {}}));
}

TEST(Model, ForgetsWhatNoRuleReads) {
  GroupStory story(kThree);
  story.elect(0, 1, voters({0, 1}));
  story.append(0);
  story.replicate(0, 1);
  story.commit(0);
  story.apply({ActionKind::learn_commit, 0, 1, 0, {}});
  State state = story.state();
  Model(kThree, Breach::view_at_commit).forget(state);
  EXPECT_EQ(state, story.state());
  Model(kThree).forget(state);
  EXPECT_EQ(state.members[1].commit, 0);
  EXPECT_EQ(state.members[0].commit, 1) << "a leader's own commit is read";
}

}  // namespace
}  // namespace tests::exploration
