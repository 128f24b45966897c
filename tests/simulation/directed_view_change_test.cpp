#include <gtest/gtest.h>

#include "tests/simulation/scripted_cluster.hpp"

// What happens while a view is changed, step by step.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

const core::Config kConfig;

/// Machine 0 leads and appends the view without `leaver`; nobody else has it yet.
void append_leave(ScriptedCluster& cluster, Machine leaver) {
  (void)cluster.admin(0, core::AdminAction::leave, leaver);
  cluster.advance(kConfig.policy + 10ms);
  cluster.tick(0);
}

TEST(ViewChange, AnAcknowledgementOfAMemberThatIsRemovedCountsForNothing) {
  ScriptedCluster cluster(4);
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  const Index before = cluster.status(0).commit;
  ClientCall call;
  call.client = 1;
  call.number = 1;
  const Request request = cluster.propose(0, call);
  // The fourth member alone gets the call; its answer is under way while the view changes.
  EXPECT_EQ(cluster.deliver(both(of_type<core::Append>(), to_machine(3))), 1U);
  std::vector<Letter> answer = cluster.take(from_machine(3));
  ASSERT_EQ(answer.size(), 1U);
  append_leave(cluster, 3);
  ASSERT_EQ(cluster.status(0).view_in_log.view.members.size(), 3U);

  // With the leader it would be two, the quorum of the new view of three.
  cluster.put_back(std::move(answer));
  EXPECT_EQ(cluster.deliver(from_machine(3)), 1U);
  EXPECT_EQ(cluster.status(0).commit, before);
  cluster.run(200ms);
  EXPECT_TRUE(cluster.request(request).execution.has_value());
  EXPECT_EQ(cluster.status(0).committed_view.view.members.size(), 3U);
  EXPECT_EQ(cluster.violation(), "");
}

TEST(ViewChange, AReadIsConfirmedByAQuorumOfTheViewThatIsInForceThen) {
  ScriptedCluster cluster(5);
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  const Request read = cluster.read(0, Key(1));
  EXPECT_EQ(cluster.deliver(of_type<core::Heartbeat>()), 4U);
  std::vector<Letter> answers = cluster.take(of_type<core::HeartbeatReply>());
  append_leave(cluster, 4);
  ASSERT_EQ(cluster.status(0).view_in_log.view.members.size(), 4U);

  // Two answers and the leader were a quorum of five, but one of the two counts no more.
  cluster.put_back(std::move(answers));
  EXPECT_EQ(cluster.deliver(from_machine(4)), 1U);
  EXPECT_EQ(cluster.deliver(from_machine(1)), 1U);
  EXPECT_FALSE(cluster.request(read).has_ended());
  EXPECT_EQ(cluster.deliver(from_machine(2)), 1U);
  EXPECT_TRUE(cluster.request(read).readable.has_value());
  EXPECT_EQ(cluster.violation(), "");
}

}  // namespace
}  // namespace tests::simulation
