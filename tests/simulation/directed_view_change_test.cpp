#include <gtest/gtest.h>

#include <algorithm>

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

core::Config without_floor() {
  core::Config config;
  config.floor = 1;
  return config;
}

ClientCall call_of(std::uint64_t number) {
  ClientCall call;
  call.client = 1;
  call.number = number;
  call.key = Key(3);
  call.value = Value(number);
  return call;
}

std::size_t voters_at(const ScriptedCluster& cluster, Machine machine) {
  return cluster.shadow(machine).memory.view()->view.members.size();
}

/// The newest leader leads all of them, and they agree.
void expect_one_group(ScriptedCluster& cluster, std::uint32_t size) {
  cluster.join_all();
  cluster.run(30s);
  const Index applied = cluster.status(0).applied;
  for (Machine machine = 0; machine < size; ++machine) {
    EXPECT_EQ(cluster.status(machine).applied, applied) << machine;
    EXPECT_EQ(cluster.shadow(machine).memory.view()->view.up.size(), size) << machine;
  }
  EXPECT_EQ(cluster.violation(), "");
}

// What `explore --variant uncommitted_views` tells, asked of the engines.
TEST(ViewChange, AnOldLeaderDoesNotShrinkItsViewStepByStepToItself) {
  ScriptedCluster cluster(4, without_floor());
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  (void)cluster.propose(0, call_of(1));
  EXPECT_EQ(cluster.deliver(both(of_type<core::Append>(), to_machine(2))), 1U);
  EXPECT_EQ(cluster.deliver(both(of_type<core::Append>(), to_machine(3))), 1U);
  std::vector<Letter> answers = cluster.take(to_machine(0));
  ASSERT_EQ(answers.size(), 2U);
  cluster.drop([](const Letter&) { return true; });
  cluster.isolate(0);
  ASSERT_TRUE(cluster.elect(2));

  // The answers come late, and say that a quorum was there just now.
  cluster.put_back(std::move(answers));
  EXPECT_EQ(cluster.deliver(to_machine(0)), 2U);
  ASSERT_TRUE(cluster.leads(0));
  (void)cluster.admin(0, core::AdminAction::evict, 1);
  ASSERT_EQ(voters_at(cluster, 0), 3U);
  (void)cluster.admin(0, core::AdminAction::evict, 2);
  (void)cluster.admin(0, core::AdminAction::evict, 3);
  cluster.tick(0);
  EXPECT_EQ(voters_at(cluster, 0), 3U);
  cluster.run(5s);
  EXPECT_EQ(voters_at(cluster, 0), 3U);
  EXPECT_FALSE(cluster.leads(0));
  EXPECT_TRUE(cluster.leads(2));
  expect_one_group(cluster, 4);
}

// What `explore --variant election_by_committed_view` tells.
TEST(ViewChange, AMemberCampaignsByTheViewInItsLogThoughItDoesNotKnowItCommitted) {
  ScriptedCluster cluster(3, without_floor());
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  cluster.cut(0, 1);
  (void)cluster.admin(0, core::AdminAction::evict, 1);
  const Index removal = cluster.status(0).last;
  EXPECT_EQ(cluster.deliver(both(of_type<core::Append>(), to_machine(2))), 1U);
  cluster.cut(0, 2);
  EXPECT_EQ(cluster.deliver(both(of_type<core::AppendReply>(), to_machine(0))), 1U);
  ASSERT_EQ(cluster.status(0).commit, removal);
  ASSERT_LT(cluster.status(2).commit, removal);
  // Alone, the leader goes on without the third member, too.
  (void)cluster.admin(0, core::AdminAction::evict, 2);
  ASSERT_EQ(voters_at(cluster, 0), 1U);
  cluster.run(8s);
  EXPECT_TRUE(cluster.leads(0));
  EXPECT_FALSE(cluster.leads(1));
  EXPECT_FALSE(cluster.leads(2));
  EXPECT_EQ(cluster.status(2).view_in_log.view.members.size(), 2U);
  const Request request = cluster.propose(0, call_of(1));
  cluster.settle();
  EXPECT_TRUE(cluster.request(request).execution.has_value());
  expect_one_group(cluster, 3);
}

TEST(ViewChange, AThousandUnderLoadLeaveALogWithTheLastOnesOnly) {
  core::Config config;
  config.retain_entries = 0;
  config.retain_bytes = 0;
  config.trim_step_bytes = 0;
  config.trim_gap = 1ms;
  ScriptedCluster cluster(3, config);
  ASSERT_TRUE(cluster.elect(0));
  for (std::uint64_t change = 1; change <= 1000; ++change) {
    // A write on each side of the view, in its own step.
    (void)cluster.propose(0, call_of(2 * change));
    const Duration ttl = change % 2 == 0 ? 0s : 3600s;
    (void)cluster.admin(0, core::AdminAction::maintenance, 2, ttl);
    (void)cluster.propose(0, call_of(2 * change + 1));
    cluster.settle();
    if (change % 10 != 0) continue;
    for (Machine machine = 0; machine < 3; ++machine) cluster.flush(machine);
    cluster.run(20ms);
  }
  const core::Status before = cluster.status(0);
  ASSERT_EQ(before.view_in_log.view.seq, ViewSeq(1001));
  for (Machine machine = 0; machine < 3; ++machine) {
    const std::vector<PlacedView>& views = cluster.shadow(machine).memory.views();
    const Index base = cluster.status(machine).base;
    const auto left = std::count_if(views.begin(), views.end(), [&](const PlacedView& view) {
      return view.position.index > base;
    });
    EXPECT_EQ(views.size(), 1001U);
    EXPECT_LE(left, 20) << machine;
  }

  for (Machine machine = 0; machine < 3; ++machine) cluster.lose_power(machine);
  for (Machine machine = 0; machine < 3; ++machine) cluster.restart(machine);
  for (Machine machine = 0; machine < 3; ++machine)
    EXPECT_EQ(cluster.status(machine).view_in_log, before.view_in_log) << machine;
  cluster.run(3s);
  for (Machine machine = 0; machine < 3; ++machine)
    EXPECT_EQ(cluster.application(machine).read(Key(3)), Value(2001)) << machine;
  EXPECT_EQ(cluster.violation(), "");
}

}  // namespace
}  // namespace tests::simulation
