#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/cluster/faulty_disks.hpp"
#include "tests/cluster/recorder.hpp"
#include "tests/cluster/verdict.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;

/// Replicas on disks that lose what was not synced, with files so small that new ones are made
/// all the time, and clients that go on throughout.
class PowerLoss : public ::testing::Test {
 protected:
  void SetUp() override { disks.emplace(); }

  void start(int size, int base_port) {
    group.emplace(size, base_port, disks->parent());
    recorder.emplace(Recorder::Settings{group->endpoints(), 4, 5, 11});
  }

  /// Takes their power while writes are under way, and brings them back.
  void lose(const std::vector<std::string>& names) {
    std::this_thread::sleep_for(500ms);
    FaultyDisks::power_off(*group, names);
    for (const std::string& name : names)
      (void)group->kvctl({"local", "restart", name, "--timeout", "1ms"});
    group->wait_all_up();
  }

  /// Waits until a new member would find less than all in the logs.
  [[nodiscard]] bool waits_for_trim(std::chrono::seconds limit) const {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < until) {
      const std::string figures = group->must({"status", "-v", "-o", "plain"});
      if (figures.find("log.base\t0\n") == std::string::npos) return true;
      std::this_thread::sleep_for(100ms);
    }
    return false;
  }

  void expect_nothing_lost() {
    recorder->stop();
    EXPECT_GT(recorder->acknowledged().size(), 50U);
    EXPECT_EQ(wrong_with(*group, *recorder), "");
  }

  const Variable segment{"KVD_LOG_SEGMENT_BYTES", "256KiB"};
  const Variable first_segment{"KVD_LOG_FIRST_SEGMENT_BYTES", "256KiB"};
  const Variable memory{"KVD_STORAGE_MEMTABLE_BYTES", "32KiB"};
  std::optional<FaultyDisks> disks;
  std::optional<LocalGroup> group;
  std::optional<Recorder> recorder;
};

TEST_F(PowerLoss, OfOneReplicaAfterTheOtherLosesNoAcknowledgedWrite) {
  start(3, 28000);
  lose({group->followers().front()});
  lose({group->leader()});
  lose({group->leader()});
  lose({group->followers().back()});
  expect_nothing_lost();
}

TEST_F(PowerLoss, OfAllThreeAtOnceLosesNoAcknowledgedWrite) {
  start(3, 28200);
  for (int round = 0; round < 4; ++round) lose({"n1", "n2", "n3"});
  expect_nothing_lost();
}

TEST_F(PowerLoss, OfAllFiveAtOnceLosesNoAcknowledgedWrite) {
  start(5, 28400);
  for (int round = 0; round < 2; ++round) lose({"n1", "n2", "n3", "n4", "n5"});
  expect_nothing_lost();
}

TEST_F(PowerLoss, RightAfterItReceivedAStateLeavesAMemberWithIt) {
  const Variable entries{"KVD_GMS_RETAIN_ENTRIES", "16"};
  const Variable bytes{"KVD_GMS_RETAIN_BYTES", "64KiB"};
  start(3, 28600);
  ASSERT_TRUE(waits_for_trim(30s));
  const std::string replaced = group->followers().back();
  group->must({"local", "kill", replaced});
  group->must({"local", "replace", replaced});
  EXPECT_THAT(group->must({"events"}), ::testing::HasSubstr("snapshot_installed"));
  lose({replaced});
  expect_nothing_lost();
}

TEST_F(PowerLoss, RightAfterItWasInitialisedLeavesAMemberWithItsSettings) {
  const std::filesystem::path member = disks->parent() / "member";
  std::filesystem::create_directory(member);
  const Finished made = run_program({built("kvd"), "init", "--data", member / "data", "--name",
                                     "n1", "--listen-client", "127.0.0.1:29700"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const std::string settings = content_of(member / "data" / "kvd.toml");
  EXPECT_NE(settings, "");
  lose_unsynced(preload::Disk(member));
  EXPECT_EQ(content_of(member / "data" / "kvd.toml"), settings);
  EXPECT_EQ(run_program({built("kvd"), "inspect", member / "data"}).exit_code, 0);
}

}  // namespace
}  // namespace tests::cluster
