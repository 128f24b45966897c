#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "tests/cluster/local_group.hpp"
#include "tests/cluster/recorder.hpp"
#include "tests/linearizability/checker.hpp"
#include "tests/linearizability/witness.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;

/// Kills the leader of the moment at random times and brings it back, while clients go on.
void crash_leaders(const LocalGroup& group, int crashes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int crash = 0; crash < crashes; ++crash) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + random() % 800));
    const std::string leader = group.leader();
    group.must({"local", "kill", leader});
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 700));
    group.must({"local", "restart", leader});
    group.wait_all_up();
  }
}

void expect_every_own_key_once(const LocalGroup& group, const Recorder& recorder) {
  EXPECT_TRUE(recorder.doubled().empty())
      << recorder.doubled().size() << " doubled, such as " << recorder.doubled().front();
  client::Options options;
  options.endpoints = group.endpoints();
  client::Client client(options);
  for (const auto& [key, value] : recorder.acknowledged()) {
    const auto got = client.get(key);
    ASSERT_TRUE(got.has_value()) << key << ": " << got.error().detail;
    ASSERT_TRUE(got->has_value()) << key << " was acknowledged and is lost";
    EXPECT_EQ((*got)->bytes, value);
  }
}

void survive_leader_crashes(int size, int base_port, std::uint64_t seed) {
  LocalGroup group(size, base_port);
  Recorder recorder({group.endpoints(), 8, 5, seed});
  crash_leaders(group, 6, seed);
  recorder.stop();

  const auto& history = recorder.history();
  EXPECT_GT(history.size(), 1000U);
  const auto checked = linearizability::check_linearizability(history);
  EXPECT_EQ(checked.verdict, linearizability::Verdict::linearizable) << checked.detail;
  const auto order = linearizability::check_real_time_order(history);
  EXPECT_FALSE(order.has_value()) << *order;
  expect_every_own_key_once(group, recorder);
  group.must({"verify", "--deep"});
  ::testing::Test::RecordProperty("operations", static_cast<int>(history.size()));
  ::testing::Test::RecordProperty("unknown", static_cast<int>(recorder.unknown().size()));
}

TEST(LeaderCrash, ThreeReplicasStayLinearizableAndLoseAndDoubleNothing) {
  survive_leader_crashes(3, 21400, 1);
}

TEST(LeaderCrash, FiveReplicasStayLinearizableAndLoseAndDoubleNothing) {
  survive_leader_crashes(5, 21600, 2);
}

void survive_power_loss(int size, int base_port, std::uint64_t seed) {
  LocalGroup group(size, base_port);
  Recorder recorder({group.endpoints(), 4, 5, seed});
  std::this_thread::sleep_for(2s);
  group.must({"local", "kill", "all"});
  recorder.stop();
  group.must({"local", "restart", "all"});
  group.wait_all_up();
  expect_every_own_key_once(group, recorder);
  const auto checked = linearizability::check_linearizability(recorder.history());
  EXPECT_EQ(checked.verdict, linearizability::Verdict::linearizable) << checked.detail;
  group.must({"verify", "--deep"});
}

TEST(PowerLoss, ThreeReplicasKeepEveryAcknowledgedWriteWhenAllAreKilledAtOnce) {
  survive_power_loss(3, 21800, 3);
}

TEST(PowerLoss, FiveReplicasKeepEveryAcknowledgedWriteWhenAllAreKilledAtOnce) {
  survive_power_loss(5, 21900, 4);
}

}  // namespace
}  // namespace tests::cluster
