#include <gtest/gtest.h>

#include "tests/simulation/scripted_cluster.hpp"

// How a group shrinks around its dead, and grows again, step by step.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

/// Evicts quickly.
core::Config quick() {
  core::Config config;
  config.evict_after = 3000ms;
  config.evict_min_gap = 500ms;
  return config;
}

std::optional<Machine> leader_of(const ScriptedCluster& cluster, std::uint32_t size) {
  std::optional<Machine> found;
  for (Machine machine = 0; machine < size; ++machine) {
    if (!cluster.leads(machine)) continue;
    if (!found || cluster.shadow(machine).led > cluster.shadow(*found).led) found = machine;
  }
  return found;
}

const View& view_at(const ScriptedCluster& cluster, Machine machine) {
  return cluster.shadow(machine).memory.view()->view;
}

/// Writes through a leader, one call after another, and remembers what was acknowledged.
class Writer {
 public:
  void write(ScriptedCluster& cluster, Machine leader) {
    ClientCall call;
    call.client = 1;
    call.number = ++calls_;
    call.key = Key(3);
    call.value = Value(calls_);
    const Request request = cluster.propose(leader, call);
    cluster.run(20ms);
    if (cluster.request(request).execution) acknowledged_ = call.value;
  }
  /// The value of the last call that was.
  [[nodiscard]] Value acknowledged() const { return acknowledged_; }

 private:
  std::uint64_t calls_ = 0;
  Value acknowledged_;
};

TEST(Eviction, FiveOutliveLeaderAfterLeaderAndALossOfPowerWithTheEvictedBackFirst) {
  ScriptedCluster cluster(5, quick());
  Writer writer;
  std::vector<Machine> dead;
  cluster.run(3s);
  for (int crashes = 0; crashes < 3; ++crashes) {
    const auto leader = leader_of(cluster, 5);
    ASSERT_TRUE(leader.has_value());
    writer.write(cluster, *leader);
    cluster.crash(*leader);
    dead.push_back(*leader);
    // The next crash comes when the view has shrunk as far as it can.
    cluster.run(8s);
  }
  const auto last = leader_of(cluster, 5);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(view_at(cluster, *last).members.size(), 3U);
  EXPECT_EQ(view_at(cluster, *last).up.size(), 2U);
  writer.write(cluster, *last);
  EXPECT_EQ(writer.acknowledged(), Value(4));

  std::vector<Machine> alive;
  for (Machine machine = 0; machine < 5; ++machine)
    if (std::find(dead.begin(), dead.end(), machine) == dead.end()) alive.push_back(machine);
  for (const Machine machine : alive) cluster.lose_power(machine);
  // The two that were evicted, and then one that was not: a quorum of the first view, and no more.
  cluster.restart(dead[0]);
  cluster.restart(dead[1]);
  cluster.run(5s);
  EXPECT_FALSE(leader_of(cluster, 5).has_value());
  cluster.restart(alive[0]);
  cluster.run(5s);
  EXPECT_FALSE(leader_of(cluster, 5).has_value());
  cluster.restart(alive[1]);
  cluster.restart(dead[2]);
  cluster.run(15s);
  const auto leader = leader_of(cluster, 5);
  ASSERT_TRUE(leader.has_value());
  EXPECT_EQ(view_at(cluster, *leader).members.size(), 5U);
  EXPECT_EQ(view_at(cluster, *leader).up.size(), 5U);
  for (Machine machine = 0; machine < 5; ++machine)
    EXPECT_EQ(cluster.application(machine).read(Key(3)), Value(4));
  EXPECT_EQ(cluster.violation(), "");
}

TEST(Eviction, ALeaderThatIsCutOffWithAFollowerComesBackWithItUnwiped) {
  ScriptedCluster cluster(5, quick());
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  for (const Machine mine : {0U, 1U})
    for (const Machine theirs : {2U, 3U, 4U}) cluster.cut(mine, theirs);
  // What the old leader takes now is never committed.
  ClientCall call;
  call.client = 1;
  call.number = 1;
  const Request lost = cluster.propose(0, call);
  cluster.run(12s);
  const auto leader = leader_of(cluster, 5);
  ASSERT_TRUE(leader.has_value());
  EXPECT_GE(*leader, 2U);
  EXPECT_EQ(view_at(cluster, *leader).members.size(), 3U);
  EXPECT_FALSE(cluster.leads(0));
  EXPECT_FALSE(cluster.request(lost).execution.has_value());

  const Epoch epoch = cluster.status(*leader).epoch;
  cluster.join_all();
  cluster.run(8s);
  EXPECT_EQ(view_at(cluster, *leader).up.size(), 5U);
  EXPECT_EQ(cluster.status(*leader).epoch, epoch);
  EXPECT_EQ(cluster.status(0).applied, cluster.status(*leader).applied);
  EXPECT_EQ(cluster.shadow(0).boot, BootSeq(1));
  EXPECT_GE(cluster.statistics().of(Sometimes::back_without_a_wipe), 2U);
  EXPECT_EQ(cluster.violation(), "");
}

TEST(Eviction, ALeaderThatStoodStillEvictsNobodyForIt) {
  core::Config config = quick();
  config.evict_after = 10s;
  ScriptedCluster cluster(4, config);
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  cluster.crash(3);
  cluster.run(8s);
  ASSERT_FALSE(view_at(cluster, 0).is_up(cluster.shadow(3).id));
  cluster.advance(10 * config.suspect);
  cluster.run(1500ms);
  EXPECT_EQ(view_at(cluster, 0).members.size(), 4U);
  EXPECT_EQ(view_at(cluster, 0).up.size(), 3U);
  cluster.run(2s);
  EXPECT_EQ(view_at(cluster, 0).members.size(), 3U);
  EXPECT_EQ(cluster.violation(), "");
}

struct RollingRestart {
  Duration down;
  /// How many at a time.
  Machine width = 1;
  Duration maintenance{};
  bool evicts = false;
};

class RollingRestarts : public testing::TestWithParam<RollingRestart> {};

TEST_P(RollingRestarts, EndWithAllFiveUp) {
  const RollingRestart& how = GetParam();
  ScriptedCluster cluster(5, quick());
  ASSERT_TRUE(cluster.elect(0));
  cluster.run(1s);
  for (Machine first = 0; first < 5; first += how.width) {
    const Machine end = std::min<Machine>(5, first + how.width);
    for (Machine machine = first; machine < end; ++machine) {
      if (how.maintenance == Duration::zero()) continue;
      const auto leader = leader_of(cluster, 5);
      ASSERT_TRUE(leader.has_value());
      const Request asked =
          cluster.admin(*leader, core::AdminAction::maintenance, machine, how.maintenance);
      cluster.run(100ms);
      ASSERT_TRUE(cluster.request(asked).completed.has_value());
      EXPECT_FALSE(cluster.request(asked).completed->error.has_value());
    }
    for (Machine machine = first; machine < end; ++machine) cluster.crash(machine);
    cluster.run(how.down);
    for (Machine machine = first; machine < end; ++machine) cluster.restart(machine);
    cluster.run(4s);
  }
  cluster.run(8s);
  const auto leader = leader_of(cluster, 5);
  ASSERT_TRUE(leader.has_value());
  EXPECT_EQ(view_at(cluster, *leader).up.size(), 5U);
  EXPECT_EQ(cluster.statistics().of(Sometimes::evicted) > 0, how.evicts);
  EXPECT_EQ(cluster.violation(), "");
}

// One at a time is never evicted: it would not lower the quorum. Two are, if they stay away for too
// long and nobody said why.
INSTANTIATE_TEST_SUITE_P(Ways, RollingRestarts,
                         testing::Values(RollingRestart{500ms, 1, {}, false},
                                         RollingRestart{8s, 1, {}, false},
                                         RollingRestart{500ms, 2, {}, false},
                                         RollingRestart{8s, 2, {}, true},
                                         RollingRestart{8s, 2, 30s, false}));

TEST(Eviction, AnInheritedEvictionBelowAnInheritedJoinKeepsTheVoterFed) {
  ScriptedCluster cluster(5, quick());
  ASSERT_TRUE(cluster.elect(0));
  cluster.settle();
  (void)cluster.admin(0, core::AdminAction::evict, 4);
  cluster.run(3s);
  ASSERT_EQ(cluster.statistics().of(Sometimes::back_without_a_wipe), 1U);
  // The restarted ones know of no commit that their applications have not stored.
  cluster.crash(0);
  for (const Machine machine : {1U, 2U, 3U}) {
    cluster.crash(machine);
    cluster.restart(machine);
  }
  ASSERT_TRUE(cluster.elect(1));
  cluster.run(500ms);
  const core::Status status = cluster.status(1);
  EXPECT_TRUE(status.view_in_log.view.has_voter(cluster.shadow(4).id));
  EXPECT_EQ(cluster.status(4).last, status.last);
  EXPECT_EQ(cluster.status(4).applied, status.applied);
  EXPECT_EQ(cluster.violation(), "");
}

TEST(Eviction, AMemberWithALongerUncommittedViewLearnsThatItIsOut) {
  ScriptedCluster cluster(4, quick());
  ASSERT_TRUE(cluster.elect(0));
  cluster.run(200ms);
  cluster.isolate(0);
  Writer writer;
  for (int i = 0; i < 10; ++i) writer.write(cluster, 0);
  // It hears nobody, but does not know that yet.
  (void)cluster.admin(0, core::AdminAction::evict, 3);
  const Position uncommitted = cluster.status(0).view_in_log.position;
  ASSERT_EQ(view_at(cluster, 0).members.size(), 3U);
  cluster.run(8s);
  const auto leader = leader_of(cluster, 4);
  ASSERT_TRUE(leader.has_value());
  const PlacedView committed = cluster.status(*leader).committed_view;
  ASSERT_FALSE(committed.view.has_voter(cluster.shadow(0).id));
  EXPECT_LT(committed.position.index, uncommitted.index);
  EXPECT_GT(committed.position, uncommitted);

  cluster.join_all();
  cluster.run(5s);
  EXPECT_EQ(view_at(cluster, *leader).up.size(), 4U);
  EXPECT_EQ(cluster.status(0).applied, cluster.status(*leader).applied);
  EXPECT_EQ(cluster.violation(), "");
}

/// Machine 0 is cut off with a change of the view in its log alone; the next leader changes the
/// view too, as soon as it may [C4]. Then all come together. Leaves how many voters there were
/// meanwhile.
void change_views_after_an_election(ScriptedCluster& cluster, std::size_t& voters) {
  cluster.isolate(0);
  cluster.run(10s);
  const auto leader = leader_of(cluster, 4);
  ASSERT_TRUE(leader.has_value());
  ASSERT_NE(*leader, 0U);
  EXPECT_FALSE(view_at(cluster, *leader).is_up(cluster.shadow(0).id));
  voters = view_at(cluster, *leader).members.size();
  cluster.join_all();
  cluster.run(5s);
  EXPECT_TRUE(view_at(cluster, *leader).is_up(cluster.shadow(0).id));
  EXPECT_EQ(cluster.status(0).applied, cluster.status(*leader).applied);
  EXPECT_EQ(cluster.violation(), "");
}

TEST(Eviction, RightAfterAnElectionLeavesOneHistoryWhereARemovalIsLeftOver) {
  ScriptedCluster cluster(4, quick());
  ASSERT_TRUE(cluster.elect(0));
  cluster.run(100ms);
  cluster.isolate(0);
  (void)cluster.admin(0, core::AdminAction::evict, 3);
  ASSERT_EQ(view_at(cluster, 0).members.size(), 3U);
  std::size_t voters = 0;
  change_views_after_an_election(cluster, voters);
  EXPECT_EQ(voters, 3U);
}

TEST(Eviction, RightAfterAnElectionLeavesOneHistoryWhereAJoinIsLeftOver) {
  ScriptedCluster cluster(5, quick());
  ASSERT_TRUE(cluster.elect(0));
  cluster.run(100ms);
  (void)cluster.admin(0, core::AdminAction::evict, 4);
  cluster.settle();
  ASSERT_EQ(cluster.status(0).committed_view.view.members.size(), 4U);
  // The one that comes back is all that the leader reaches when it is admitted.
  for (int i = 0; i < 2000 && view_at(cluster, 0).members.size() == 4U; ++i) {
    cluster.run(1ms);
    const core::Status status = cluster.status(0);
    if (status.peers.size() == 4U && status.peers.back().match == status.last)
      for (const Machine other : {1U, 2U, 3U}) cluster.cut(0, other);
  }
  ASSERT_EQ(view_at(cluster, 0).members.size(), 5U);
  EXPECT_EQ(cluster.status(0).committed_view.view.members.size(), 4U);
  std::size_t voters = 0;
  change_views_after_an_election(cluster, voters);
  // The other side admits it anew, and of five one dead member stays.
  EXPECT_EQ(voters, 5U);
}

TEST(Eviction, ANewLeaderThatHasCommittedNothingChangesNoView) {
  ScriptedCluster cluster(4, quick());
  ASSERT_TRUE(cluster.elect(0));
  cluster.run(100ms);
  cluster.crash(0);
  cluster.run(600ms);
  for (int i = 0; i < 3000 && !leader_of(cluster, 4); ++i) {
    cluster.advance(1ms);
    for (const Machine machine : {1U, 2U, 3U}) cluster.tick(machine);
    cluster.settle();
  }
  const auto leader = leader_of(cluster, 4);
  ASSERT_TRUE(leader.has_value());
  cluster.crash(*leader);
  cluster.restart(0);
  // Heartbeats are answered, acknowledgements are lost: the next leader leads, and commits nothing.
  std::optional<Machine> next;
  for (int i = 0; i < 8000; ++i) {
    cluster.advance(1ms);
    for (Machine machine = 0; machine < 4; ++machine) cluster.tick(machine);
    for (int round = 0; round < 20 && !cluster.in_flight().empty(); ++round) {
      cluster.drop(of_type<core::AppendReply>());
      (void)cluster.deliver([](const Letter&) { return true; });
    }
    next = leader_of(cluster, 4);
  }
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(view_at(cluster, *next).seq, ViewSeq(1));
  cluster.run(6s);
  EXPECT_EQ(view_at(cluster, *next).members.size(), 3U);
  EXPECT_EQ(cluster.violation(), "");
}

}  // namespace
}  // namespace tests::simulation
