#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "tests/cluster/local_group.hpp"
#include "tests/cluster/recorder.hpp"
#include "tests/cluster/verdict.hpp"

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

void survive_leader_crashes(int size, int base_port, std::uint64_t seed) {
  LocalGroup group(size, base_port);
  Recorder recorder({group.endpoints(), 8, 5, seed});
  crash_leaders(group, 6, seed);
  recorder.stop();

  EXPECT_GT(recorder.history().size(), 1000U);
  EXPECT_EQ(wrong_with(group, recorder), "");
  ::testing::Test::RecordProperty("operations", static_cast<int>(recorder.history().size()));
  ::testing::Test::RecordProperty("unknown", static_cast<int>(recorder.unknown().size()));
}

TEST(LeaderCrash, ThreeReplicasStayLinearizableAndLoseAndDoubleNothing) {
  survive_leader_crashes(3, 21400, 1);
}

TEST(LeaderCrash, FiveReplicasStayLinearizableAndLoseAndDoubleNothing) {
  survive_leader_crashes(5, 21600, 2);
}

void survive_kill_of_all(int size, int base_port, std::uint64_t seed) {
  LocalGroup group(size, base_port);
  Recorder recorder({group.endpoints(), 4, 5, seed});
  std::this_thread::sleep_for(2s);
  group.must({"local", "kill", "all"});
  recorder.stop();
  group.must({"local", "restart", "all"});
  group.wait_all_up();
  EXPECT_EQ(wrong_with(group, recorder), "");
}

TEST(KillOfAll, ThreeReplicasKeepEveryAcknowledgedWrite) {
  survive_kill_of_all(3, 21800, 3);
}

TEST(KillOfAll, FiveReplicasKeepEveryAcknowledgedWrite) {
  survive_kill_of_all(5, 21900, 4);
}

}  // namespace
}  // namespace tests::cluster
