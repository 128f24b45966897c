#include "client/kvctl/explain.hpp"

#include <gmock/gmock.h>

namespace kvctl {
namespace {

using client::ErrorCode;
using gms::model::Duration;
using gms::model::GroupClock;
using gms::model::MemberId;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

MemberId id_of(std::uint64_t number) {
  return {gms::model::NodeId(number), gms::model::Incarnation(1)};
}

/// The voters n1 to n`voters`, of which the first `up` are up and heard; n1 leads.
GroupFacts facts_of(std::uint64_t voters, std::uint64_t up) {
  GroupFacts facts;
  for (std::uint64_t number = 1; number <= voters; ++number)
    facts.view.members.push_back({id_of(number), "n" + std::to_string(number), "", ""});
  for (std::uint64_t number = 1; number <= up; ++number) {
    facts.view.up.push_back(id_of(number));
    facts.heard.push_back(id_of(number));
  }
  facts.leader = id_of(1);
  facts.clock = GroupClock(1000);
  facts.maintenance_max = 24h;
  return facts;
}

Explanation explained(const GroupFacts& facts, Change change, std::uint64_t member,
                      Duration ttl = {}) {
  return explain(facts, {change, id_of(member), ttl});
}

/// The code and detail of a refusal that is expected.
client::Error refusal(const Explanation& explanation) {
  return explanation.refusal.value_or(client::Error{ErrorCode::io, "it was not refused"});
}

TEST(Strength, CountsTheCrashesThatLeaveAQuorum) {
  const std::vector<std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>> cases{
      {1, 1, 1, 0}, {2, 2, 2, 0}, {3, 3, 2, 1}, {3, 2, 2, 0}, {4, 4, 3, 1},
      {5, 5, 3, 2}, {5, 4, 3, 1}, {5, 2, 3, 0}, {9, 9, 5, 4}};
  for (const auto& [voters, up, quorum, survives] : cases) {
    const Strength strength{voters, up};
    EXPECT_EQ(strength.quorum(), quorum) << voters;
    EXPECT_EQ(strength.survives(), survives) << voters << " of which are up " << up;
  }
}

TEST(Explain, AnEvictionTakesAVoterAndItsMark) {
  const Explanation dead = explained(facts_of(5, 4), Change::evict, 5);
  EXPECT_EQ(dead.before, (Strength{5, 4}));
  EXPECT_EQ(dead.after, (Strength{4, 4}));
  EXPECT_FALSE(dead.refusal);
  EXPECT_EQ(explained(facts_of(5, 5), Change::evict, 5).after, (Strength{4, 4}));
}

TEST(Explain, NoEvictionGoesBelowTheFloor) {
  const auto at_floor = refusal(explained(facts_of(3, 3), Change::evict, 3));
  EXPECT_EQ(at_floor.code, ErrorCode::conflict);
  EXPECT_THAT(at_floor.detail, HasSubstr("2 voters would be left; the floor is 3"));
  EXPECT_FALSE(explained(facts_of(4, 4), Change::evict, 4).refusal);
}

TEST(Explain, NeitherTheLeaderNorWhoIsInMaintenanceIsEvicted) {
  EXPECT_EQ(refusal(explained(facts_of(5, 5), Change::evict, 1)).code, ErrorCode::conflict);
  GroupFacts facts = facts_of(5, 5);
  facts.view.maintenance = {{id_of(5), GroupClock(1001)}};
  EXPECT_EQ(refusal(explained(facts, Change::evict, 5)).detail,
            "n5 is in maintenance; end that first");
  facts.clock = GroupClock(1001);
  EXPECT_FALSE(explained(facts, Change::evict, 5).refusal);
}

TEST(Explain, AQuorumBeforeAndOneAfterMustBeHeard) {
  EXPECT_FALSE(explained(facts_of(4, 3), Change::evict, 3).refusal);
  EXPECT_FALSE(explained(facts_of(6, 4), Change::evict, 4).refusal);
  // Two of three are a quorum of those left, and two of four are none of those before.
  GroupFacts even = facts_of(4, 4);
  even.heard = {id_of(1), id_of(2)};
  EXPECT_EQ(refusal(explained(even, Change::evict, 4)).code, ErrorCode::unavailable);
  GroupFacts facts = facts_of(5, 5);
  facts.heard = {id_of(1), id_of(2), id_of(3)};
  EXPECT_FALSE(explained(facts, Change::evict, 5).refusal);
  const auto unheard = refusal(explained(facts, Change::evict, 3));
  EXPECT_EQ(unheard.code, ErrorCode::unavailable);
  EXPECT_EQ(unheard.detail,
            "of the 5 voters 3 are heard, of those left 2 can go on; it takes 3 and 3");
}

TEST(Explain, WhoCannotAcknowledgeARemovalDoesNotCountForIt) {
  GroupFacts facts = facts_of(4, 4);
  EXPECT_FALSE(explained(facts, Change::evict, 4).refusal);
  facts.stuck = {id_of(2), id_of(3)};
  const auto stuck = refusal(explained(facts, Change::evict, 4));
  EXPECT_EQ(stuck.code, ErrorCode::unavailable);
  EXPECT_EQ(stuck.detail,
            "of the 4 voters 4 are heard, of those left 1 can go on; it takes 3 and 2");
  EXPECT_EQ(refusal(explained(facts, Change::leave, 4)).code, ErrorCode::outcome_unknown);
  // With the member that is stuck one of the others goes.
  facts.stuck = {id_of(2), id_of(4)};
  EXPECT_FALSE(explained(facts, Change::evict, 4).refusal);
}

TEST(Explain, TheLastStateInUseIsNotRemoved) {
  GroupFacts facts = facts_of(4, 4);
  facts.stateless = {id_of(1), id_of(2)};
  EXPECT_FALSE(explained(facts, Change::evict, 4).refusal);
  facts.stateless = {id_of(1), id_of(2), id_of(3)};
  for (const Change change : {Change::evict, Change::leave}) {
    const auto last = refusal(explained(facts, change, 4));
    EXPECT_EQ(last.code, ErrorCode::conflict);
    EXPECT_EQ(last.detail, "without n4 no member that is heard has its state in use");
  }
  // Who is not heard has nothing to give.
  facts.stateless = {id_of(1), id_of(2)};
  facts.heard = {id_of(1), id_of(2), id_of(4)};
  EXPECT_EQ(refusal(explained(facts, Change::leave, 4)).code, ErrorCode::conflict);
  GroupFacts dead = facts_of(4, 3);
  EXPECT_FALSE(explained(dead, Change::replace, 4).refusal);
  dead.stateless = {id_of(1), id_of(2), id_of(3)};
  EXPECT_EQ(refusal(explained(dead, Change::replace, 4)).code, ErrorCode::conflict);
}

TEST(Explain, ALeaveMayGoBelowTheFloorButNotToNothing) {
  const Explanation leave = explained(facts_of(3, 3), Change::leave, 3);
  EXPECT_EQ(leave.after.survives(), 0u);
  EXPECT_FALSE(leave.refusal);
  EXPECT_EQ(refusal(explained(facts_of(1, 1), Change::leave, 1)).code, ErrorCode::conflict);
}

TEST(Explain, ALeaveThatHasToWaitIsNotRefusedForGood) {
  EXPECT_EQ(refusal(explained(facts_of(3, 2), Change::leave, 2)).code, ErrorCode::outcome_unknown);
}

TEST(Explain, ALeaderLeavesWhenAnotherCanLead) {
  EXPECT_FALSE(explained(facts_of(3, 3), Change::leave, 1).refusal);
  GroupFacts facts = facts_of(3, 3);
  facts.full = {id_of(2), id_of(3)};
  EXPECT_EQ(refusal(explained(facts, Change::leave, 1)).detail, "no other member can lead");
}

TEST(Explain, ReplacingADeadMemberGivesTheStrengthBack) {
  const Explanation replaced = explained(facts_of(3, 2), Change::replace, 3);
  EXPECT_EQ(replaced.before.survives(), 0u);
  EXPECT_EQ(replaced.after, (Strength{3, 3}));
  EXPECT_FALSE(replaced.refusal);
}

TEST(Explain, WhoLivesOrRestsIsNotReplaced) {
  EXPECT_THAT(refusal(explained(facts_of(3, 3), Change::replace, 3)).detail, HasSubstr("n3 is up"));
  GroupFacts facts = facts_of(3, 2);
  facts.view.maintenance = {{id_of(3), GroupClock(5000)}};
  EXPECT_THAT(refusal(explained(facts, Change::replace, 3)).detail, HasSubstr("in maintenance"));
}

TEST(Explain, NobodyIsReplacedWhoseDataTheOthersNeed) {
  // n3 is down already: n1 alone would be left with the data.
  const GroupFacts facts = without(facts_of(3, 2), id_of(2));
  EXPECT_EQ(refusal(explained(facts, Change::replace, 2)).code, ErrorCode::unavailable);
  EXPECT_FALSE(explained(without(facts_of(3, 3), id_of(2)), Change::replace, 2).refusal);
}

TEST(Explain, AnotherOneLeadsWhenTheLeaderHasStopped) {
  const GroupFacts facts = without(facts_of(3, 3), id_of(1));
  EXPECT_EQ(facts.leader, id_of(2));
  EXPECT_FALSE(explained(facts, Change::replace, 1).refusal);
  EXPECT_TRUE(without(facts_of(3, 2), id_of(1)).leader.is_none());
}

TEST(Explain, MaintenanceIsCountedAsTheMemberStopped) {
  const Explanation rest = explained(facts_of(3, 3), Change::maintenance, 3, 10min);
  EXPECT_EQ(rest.after, (Strength{3, 2}));
  EXPECT_FALSE(rest.refusal);
  EXPECT_EQ(explained(facts_of(3, 3), Change::maintenance, 3, 0ms).after, (Strength{3, 3}));
  EXPECT_EQ(refusal(explained(facts_of(3, 3), Change::maintenance, 3, 25h)).code,
            ErrorCode::invalid_argument);
}

TEST(Explain, LeadershipGoesToWhoIsUpAndHasRoom) {
  const Explanation handed = explained(facts_of(3, 3), Change::transfer, 2);
  EXPECT_EQ(handed.before, handed.after);
  EXPECT_FALSE(handed.refusal);
  EXPECT_EQ(refusal(explained(facts_of(3, 2), Change::transfer, 3)).code, ErrorCode::unavailable);
  GroupFacts facts = facts_of(3, 3);
  facts.full = {id_of(2)};
  EXPECT_EQ(refusal(explained(facts, Change::transfer, 2)).code, ErrorCode::unavailable);
  facts.full = {};
  facts.stateless = {id_of(2)};
  EXPECT_EQ(refusal(explained(facts, Change::transfer, 2)).code, ErrorCode::unavailable);
}

TEST(Explain, NothingIsDoneWithoutALeader) {
  GroupFacts facts = facts_of(5, 5);
  facts.leader = {};
  for (const Change change :
       {Change::evict, Change::leave, Change::replace, Change::maintenance, Change::transfer})
    EXPECT_EQ(refusal(explained(facts, change, 5)).code, ErrorCode::unavailable)
        << to_string(change);
}

TEST(Explain, ANameIsAddedOnceAndWhileThereIsRoom) {
  EXPECT_FALSE(why_not_add(facts_of(3, 3), "n4"));
  EXPECT_EQ(why_not_add(facts_of(3, 3), "n3")->code, ErrorCode::conflict);
  EXPECT_EQ(why_not_add(facts_of(9, 9), "n10")->code, ErrorCode::conflict);
}

}  // namespace
}  // namespace kvctl
