#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/scripted_cluster.hpp"

// Links that fail in part, and disks that stand still, step by step: who can go on does, and nobody
// is taken for dead that is not.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

core::Config quick() {
  core::Config config;
  config.evict_after = 3000ms;
  config.evict_min_gap = 500ms;
  return config;
}

const View& view_at(const ScriptedCluster& cluster, Machine machine) {
  return cluster.shadow(machine).memory.view()->view;
}

/// Machine 0 leads a group in which all hear each other.
class PartialFailure : public ::testing::Test {
 protected:
  explicit PartialFailure(std::uint32_t size = 3) : cluster(size, quick()) {}

  void SetUp() override {
    ASSERT_TRUE(cluster.elect(0));
    cluster.run(1s);
    epoch = cluster.status(0).epoch;
    views = cluster.statistics().view_changes;
  }

  [[nodiscard]] bool write() {
    ClientCall call;
    call.client = 1;
    call.number = ++written;
    call.key = Key(3);
    call.value = Value(written);
    const Request request = cluster.propose(0, call);
    cluster.run(50ms);
    return cluster.request(request).execution.has_value();
  }

  /// The same leader, in the same epoch, that still does its work.
  void expect_undisturbed() {
    EXPECT_TRUE(cluster.leads(0));
    EXPECT_EQ(cluster.status(0).epoch, epoch);
    EXPECT_TRUE(write());
    EXPECT_EQ(cluster.violation(), "");
  }

  void expect_whole(std::uint32_t size) {
    cluster.join_all();
    cluster.run(6s);
    expect_undisturbed();
    EXPECT_EQ(view_at(cluster, 0).up.size(), size);
    for (Machine machine = 0; machine < size; ++machine)
      EXPECT_EQ(cluster.application(machine).read(Key(3)), Value(written)) << machine;
  }

  ScriptedCluster cluster;
  Epoch epoch;
  std::uint64_t views = 0;
  std::uint64_t written = 0;
};

class PartialFailureOfFive : public PartialFailure {
 protected:
  PartialFailureOfFive() : PartialFailure(5) {}
};

core::PeerStatus seen_by_leader(const ScriptedCluster& cluster, Machine machine) {
  for (const core::PeerStatus& peer : cluster.status(0).peers)
    if (peer.id == cluster.shadow(machine).id) return peer;
  return {};
}

TEST_F(PartialFailure, AMemberThatReachesTheLeaderOverNobodyDoesNotUnseatIt) {
  // 0 - 1 - 2: what 2 hears of 1 is that there is a leader.
  cluster.cut(0, 2);
  for (int i = 0; i < 10; ++i) {
    cluster.run(1s);
    EXPECT_TRUE(write());
  }
  expect_undisturbed();
  EXPECT_LE(cluster.statistics().view_changes, views + 1);
  EXPECT_FALSE(view_at(cluster, 0).is_up(cluster.shadow(2).id));
  EXPECT_EQ(cluster.shadow(2).memory_hard_state.epoch, epoch);
  expect_whole(3);
}

TEST_F(PartialFailureOfFive, ABridgeBetweenTwoHalvesKeepsTheLeaderThatHasAQuorum) {
  // 0 1 - 2 - 3 4.
  for (const Machine left : {0U, 1U})
    for (const Machine right : {3U, 4U}) cluster.cut(left, right);
  // Nobody writes: no log is behind another.
  cluster.run(4s);
  expect_undisturbed();
  for (const Machine right : {3U, 4U})
    EXPECT_EQ(cluster.shadow(right).memory_hard_state.epoch, epoch) << right;
  cluster.run(10s);
  expect_undisturbed();
  expect_whole(5);
}

TEST_F(PartialFailure, AMemberThatHearsNobodyButIsHeardDoesNotUnseatTheLeader) {
  cluster.lose(between(0, 2));
  cluster.run(10s);
  expect_undisturbed();
  EXPECT_LE(cluster.statistics().view_changes, views + 1);
  expect_whole(3);
}

TEST_F(PartialFailure, AMemberThatHearsTheLeaderAndIsNotHeardStaysAFollower) {
  cluster.lose(between(2, 0));
  cluster.run(10s);
  expect_undisturbed();
  EXPECT_LE(cluster.statistics().view_changes, views + 1);
  EXPECT_FALSE(view_at(cluster, 0).is_up(cluster.shadow(2).id));
  EXPECT_EQ(cluster.status(2).campaigns, 0U);
  expect_whole(3);
}

TEST_F(PartialFailure, ALinkThatFlapsTenTimesASecondChangesNoView) {
  for (int i = 0; i < 100; ++i) {
    cluster.cut(0, 2);
    cluster.run(50ms);
    cluster.join_all();
    cluster.run(50ms);
  }
  expect_undisturbed();
  EXPECT_EQ(cluster.statistics().view_changes, views);
  expect_whole(3);
}

TEST_F(PartialFailure, AMemberThatComesAndGoesIsMarkedLessAndLessOften) {
  // Away for long enough to be marked down, back for long enough to be marked up, at first.
  for (int i = 0; i < 20; ++i) {
    cluster.isolate(2);
    cluster.run(2200ms);
    cluster.join_all();
    cluster.run(1300ms);
  }
  expect_undisturbed();
  EXPECT_GE(cluster.statistics().view_changes, views + 3);
  EXPECT_LE(cluster.statistics().view_changes, views + 10);
}

TEST_F(PartialFailureOfFive, MembersWhoseSyncsStandStillAreNeverMarkedDown) {
  cluster.hold_disk(3);
  cluster.hold_disk(4);
  for (int i = 0; i < 30; ++i) {
    cluster.run(950ms);
    EXPECT_TRUE(write());
  }
  EXPECT_EQ(cluster.statistics().view_changes, views);
  EXPECT_EQ(view_at(cluster, 0).up.size(), 5U);
  for (const Machine slow : {3U, 4U}) {
    EXPECT_LT(cluster.shadow(slow).disk.last(), cluster.shadow(slow).memory.last());
    cluster.release_disk(slow);
  }
  expect_whole(5);
}

TEST_F(PartialFailureOfFive, WhoseAcknowledgementsAreLostFillsItsWindowAndStays) {
  const Index match = cluster.status(0).last;
  for (const Machine mute : {3U, 4U})
    cluster.lose(both(from_machine(mute), of_type<core::AppendReply>()));
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(write());
  EXPECT_EQ(cluster.statistics().view_changes, views);
  EXPECT_EQ(view_at(cluster, 0).up.size(), 5U);
  for (const Machine mute : {3U, 4U}) {
    EXPECT_EQ(seen_by_leader(cluster, mute).match, match) << mute;
    EXPECT_EQ(seen_by_leader(cluster, mute).inflight, quick().inflight_max) << mute;
  }
  // A second of an idle group: what is sent again is one message a heartbeat.
  std::size_t sent = 0;
  cluster.lose([&](const Letter& letter) {
    sent += letter.to == 3 && std::holds_alternative<core::Append>(letter.message.body) ? 1 : 0;
    return false;
  });
  cluster.run(1s);
  EXPECT_GE(sent, 1U);
  EXPECT_LE(sent, static_cast<std::size_t>(1s / quick().heartbeat) + 1);
  expect_whole(5);
}

}  // namespace
}  // namespace tests::simulation
