#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/scripted_cluster.hpp"

// How members come, and come back under another name or disk, step by step.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

core::Config quick() {
  core::Config config;
  config.evict_after = 3000ms;
  config.evict_min_gap = 500ms;
  config.join_stuck = 3s;
  return config;
}

/// Keeps nothing in the log that the application has durably.
core::Config trims() {
  core::Config config = quick();
  config.retain_entries = 0;
  config.retain_bytes = 0;
  config.trim_step_bytes = 0;
  config.trim_gap = 1ms;
  return config;
}

const View& view_at(const ScriptedCluster& cluster, Machine machine) {
  return cluster.shadow(machine).memory.view()->view;
}

/// Machine 0 leads, and everybody has a few writes.
class JoiningGroup {
 public:
  explicit JoiningGroup(std::uint32_t size, const core::Config& config = quick())
      : cluster(size, config), size_(size) {
    led_ = cluster.elect(0);
    for (int i = 0; i < 5; ++i) write();
    epoch = cluster.status(0).epoch;
  }
  [[nodiscard]] bool led() const { return led_; }

  void write() {
    ClientCall call;
    call.client = 1;
    call.number = ++written_;
    call.key = Key(3);
    call.value = Value(written_);
    (void)cluster.propose(0, call);
    cluster.run(20ms);
  }

  /// No member's log goes back to the beginning after this.
  void trim() {
    for (Machine machine = 0; machine < size_; ++machine) cluster.flush(machine);
    cluster.run(50ms);
  }

  /// Lets time go by, with states fetched as soon as they are wanted.
  void run(Duration length, Machine fetcher) {
    for (Duration gone{}; gone < length; gone += 10ms) {
      cluster.run(10ms);
      if (cluster.shadow(fetcher).running && cluster.fetches(fetcher))
        (void)cluster.finish_fetch(fetcher);
    }
  }

  [[nodiscard]] bool has(Machine machine) const {
    return view_at(cluster, 0).has_voter(cluster.shadow(machine).id);
  }
  void expect_member(Machine machine) {
    EXPECT_TRUE(has(machine));
    EXPECT_TRUE(view_at(cluster, 0).is_up(cluster.shadow(machine).id));
    write();
    EXPECT_EQ(cluster.application(machine).read(Key(3)), Value(written_));
    expect_undisturbed();
  }
  void expect_undisturbed() {
    EXPECT_TRUE(cluster.leads(0));
    EXPECT_EQ(cluster.status(0).epoch, epoch);
    EXPECT_EQ(cluster.violation(), "");
  }

  ScriptedCluster cluster;
  Epoch epoch;

 private:
  const std::uint32_t size_;
  bool led_ = false;
  std::uint64_t written_ = 0;
};

TEST(Joining, FourAtOnceAreAllTakenIn) {
  JoiningGroup group(3);
  ASSERT_TRUE(group.led());
  std::vector<Machine> joiners;
  for (int i = 0; i < 4; ++i) joiners.push_back(group.cluster.add_joiner());
  group.cluster.run(5s);
  EXPECT_EQ(view_at(group.cluster, 0).members.size(), 7U);
  for (const Machine joiner : joiners) group.expect_member(joiner);
}

/// When it is killed, after it was started.
class KilledJoiner : public testing::TestWithParam<Duration> {};

TEST_P(KilledJoiner, IsTakenInWhenItIsBackWhateverItWasAt) {
  for (const bool power : {false, true}) {
    JoiningGroup group(3);
    ASSERT_TRUE(group.led());
    const Machine joiner = group.cluster.add_joiner();
    group.cluster.run(GetParam());
    if (power)
      group.cluster.lose_power(joiner);
    else
      group.cluster.crash(joiner);
    group.cluster.run(4s);
    group.expect_undisturbed();
    group.cluster.restart(joiner);
    group.cluster.run(8s);
    group.expect_member(joiner);
  }
}

INSTANTIATE_TEST_SUITE_P(Times, KilledJoiner,
                         testing::Values(0ms, 5ms, 10ms, 20ms, 30ms, 50ms, 70ms, 100ms, 130ms,
                                         170ms, 220ms, 300ms, 500ms));

/// At which step of its snapshot it is killed.
enum class FetchStep : std::uint8_t { fetches, installs, installed };
class KilledFetcher : public testing::TestWithParam<FetchStep> {};

TEST_P(KilledFetcher, BeginsAnewAndIsTakenIn) {
  JoiningGroup group(3, trims());
  ASSERT_TRUE(group.led());
  group.trim();
  ScriptedCluster& cluster = group.cluster;
  const Machine joiner = cluster.add_joiner();
  for (int i = 0; i < 300 && !cluster.fetches(joiner); ++i) cluster.run(10ms);
  ASSERT_TRUE(cluster.fetches(joiner));
  EXPECT_FALSE(group.has(joiner));
  if (GetParam() == FetchStep::installs) cluster.hold_disk(joiner);
  if (GetParam() != FetchStep::fetches) {
    ASSERT_TRUE(cluster.finish_fetch(joiner));
  }
  cluster.lose_power(joiner);
  cluster.release_disk(joiner);
  cluster.run(1s);
  cluster.restart(joiner);
  EXPECT_EQ(cluster.status(joiner).base > Index(), GetParam() == FetchStep::installed);
  group.run(8s, joiner);
  group.expect_member(joiner);
}

INSTANTIATE_TEST_SUITE_P(Steps, KilledFetcher,
                         testing::Values(FetchStep::fetches, FetchStep::installs,
                                         FetchStep::installed));

TEST(Joining, WhoIsHeardByTheLeaderAndDoesNotHearItIsNotTakenIn) {
  JoiningGroup group(3);
  ASSERT_TRUE(group.led());
  const Machine joiner = 3;
  group.cluster.lose(between(0, joiner));
  ASSERT_EQ(group.cluster.add_joiner(), joiner);
  group.cluster.run(8s);
  EXPECT_FALSE(group.has(joiner));
  group.expect_undisturbed();
  group.cluster.join_all();
  group.cluster.run(20s);
  group.expect_member(joiner);
}

TEST(Joining, WhoHearsTheLeaderAndIsHeardByOthersAloneIsNotTakenIn) {
  JoiningGroup group(3);
  ASSERT_TRUE(group.led());
  const Machine joiner = 3;
  // Its requests come over the others.
  group.cluster.lose(between(joiner, 0));
  ASSERT_EQ(group.cluster.add_joiner(), joiner);
  group.cluster.run(8s);
  EXPECT_FALSE(group.has(joiner));
  group.expect_undisturbed();
  group.cluster.join_all();
  group.cluster.run(20s);
  group.expect_member(joiner);
}

TEST(Joining, WhoReachesTheLeaderAloneIsAMember) {
  JoiningGroup group(3);
  ASSERT_TRUE(group.led());
  const Machine joiner = group.cluster.add_joiner();
  for (const Machine other : {1U, 2U}) group.cluster.cut(joiner, other);
  group.cluster.run(8s);
  group.expect_member(joiner);
}

TEST(Joining, TheEvictedThatLostTheirDisksGiveNobodyTheVotesOfTheirPast) {
  JoiningGroup group(5);
  ASSERT_TRUE(group.led());
  ScriptedCluster& cluster = group.cluster;
  cluster.isolate(4);
  cluster.run(100ms);
  for (const Machine gone : {2U, 3U}) {
    cluster.crash(gone);
    (void)cluster.admin(0, core::AdminAction::evict, gone);
    cluster.run(100ms);
  }
  cluster.run(3s);
  // The one that is cut off knows nothing of it: for it they are two votes of five.
  ASSERT_FALSE(group.has(2));
  ASSERT_TRUE(view_at(cluster, 4).has_voter(cluster.shadow(2).id));
  const std::vector<Machine> anew{cluster.add_successor(2), cluster.add_successor(3)};
  cluster.crash(0);
  cluster.crash(1);
  cluster.join_all();
  cluster.run(10s);
  EXPECT_FALSE(cluster.leads(4));
  EXPECT_EQ(cluster.status(4).campaigns, 0U);
  for (const Machine machine : anew)
    EXPECT_EQ(cluster.shadow(machine).memory_hard_state, HardState());

  cluster.restart(0);
  cluster.restart(1);
  cluster.run(15s);
  const Machine leader = cluster.leads(0) ? 0 : 1;
  ASSERT_TRUE(cluster.leads(leader));
  EXPECT_EQ(view_at(cluster, leader).up.size(), 5U);
  for (const Machine machine : anew)
    EXPECT_TRUE(view_at(cluster, leader).has_voter(cluster.shadow(machine).id));
  EXPECT_EQ(cluster.violation(), "");
}

TEST(Joining, ASecondProcessOfALivingMemberIsNotTakenIn) {
  JoiningGroup group(3);
  ASSERT_TRUE(group.led());
  const Machine second = group.cluster.add_successor(2);
  group.cluster.run(10s);
  EXPECT_FALSE(group.has(second));
  EXPECT_EQ(view_at(group.cluster, 0).up.size(), 3U);
  group.expect_undisturbed();
}

TEST(Joining, AnOldDiskThatComesBackDoesNotPutOutTheIncarnationThatVotesInItsPlace) {
  JoiningGroup group(3);
  ASSERT_TRUE(group.led());
  ScriptedCluster& cluster = group.cluster;
  cluster.crash(2);
  cluster.run(3s);
  const Machine anew = cluster.add_successor(2);
  cluster.run(6s);
  ASSERT_TRUE(group.has(anew));
  ASSERT_FALSE(group.has(2));

  cluster.restart(2);
  cluster.run(10s);
  EXPECT_TRUE(cluster.status(2).excluded);
  EXPECT_FALSE(group.has(2));
  group.expect_member(anew);
  // Nor does it have a voice when the leader is gone.
  cluster.crash(0);
  cluster.run(4s);
  EXPECT_TRUE(cluster.leads(1) || cluster.leads(anew));
  EXPECT_EQ(cluster.status(2).campaigns, 0U);
  EXPECT_EQ(cluster.violation(), "");
}

}  // namespace
}  // namespace tests::simulation
