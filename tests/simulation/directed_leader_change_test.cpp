#include <gtest/gtest.h>

#include "tests/simulation/scripted_cluster.hpp"

// What happens around the change of a leader, step by step.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

const core::Config kConfig;

ClientCall put(std::uint32_t client, std::uint64_t number, Value value) {
  ClientCall call;
  call.client = client;
  call.number = number;
  call.key = Key(4);
  call.value = value;
  return call;
}

TEST(LeaderChange, ACallThatIsSentAgainToTheNextLeaderIsExecutedOnce) {
  ScriptedCluster cluster(3);
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  const Request first = cluster.propose(0, put(1, 1, Value(7)));
  const Index appended = cluster.status(0).last;
  // Both followers have the call, and the leader crashes before it hears so.
  EXPECT_EQ(cluster.deliver(of_type<core::Append>()), 2U);
  cluster.drop(of_type<core::AppendReply>());
  cluster.crash(0);
  EXPECT_FALSE(cluster.request(first).has_ended());

  ASSERT_TRUE(cluster.elect(1));
  const Request again = cluster.propose(1, put(1, 1, Value(7)));
  cluster.settle();
  const auto& execution = cluster.request(again).execution;
  ASSERT_TRUE(execution.has_value());
  EXPECT_EQ(execution->status, CallStatus::done);
  EXPECT_FALSE(execution->executed);
  EXPECT_EQ(execution->effective, appended);
  EXPECT_EQ(cluster.application(1).read(Key(4)), Value(7));
  EXPECT_EQ(cluster.violation(), "");
}

class HintsThatDiffer : public testing::TestWithParam<Duration> {};

TEST_P(HintsThatDiffer, ElectTheLongerLogWithinAQuarterOfASecond) {
  ScriptedCluster cluster(3);
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  cluster.run(100ms);
  // Only the second member has the last call.
  cluster.cut(0, 2);
  (void)cluster.propose(0, put(1, 1, Value(7)));
  cluster.settle();
  cluster.join_all();
  ASSERT_GT(cluster.status(1).last, cluster.status(2).last);

  cluster.crash(0);
  cluster.peer_down(1, 0);
  cluster.run(GetParam());
  cluster.peer_down(2, 0);
  cluster.run(250ms);
  EXPECT_TRUE(cluster.leads(1));
  EXPECT_EQ(cluster.application(2).read(Key(4)), Value(7));
  EXPECT_EQ(cluster.violation(), "");
}

INSTANTIATE_TEST_SUITE_P(Gaps, HintsThatDiffer, testing::Values(0ms, 1ms, 5ms, 10ms, 20ms));

TEST(LeaderChange, AFreshLeaderHasAWholePeriodToHearItsQuorum) {
  ScriptedCluster cluster(3);
  ASSERT_TRUE(cluster.elect(0));
  cluster.isolate(0);
  cluster.run(kConfig.election_min - 50ms);
  EXPECT_TRUE(cluster.leads(0));
  cluster.run(2 * kConfig.election_min);
  EXPECT_FALSE(cluster.leads(0));
  EXPECT_EQ(cluster.violation(), "");
}

}  // namespace
}  // namespace tests::simulation
