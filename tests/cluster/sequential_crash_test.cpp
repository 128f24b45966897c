#include <gmock/gmock.h>

#include <thread>

#include "tests/cluster/faulty_disks.hpp"
#include "tests/cluster/recorder.hpp"
#include "tests/cluster/verdict.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;

/// Five replicas that evict their dead soon, on disks that lose what was not synced.
class SequentialCrash : public ::testing::Test {
 protected:
  void SetUp() override {
    disks.emplace();
    group.emplace(5, 29100, disks->parent());
  }

  /// Kills the leader, which is the worst loss, and waits until the others write again.
  void crash_leader() {
    crashed.push_back(group->leader());
    group->must({"local", "kill", crashed.back()});
    group->must({"put", "after", crashed.back(), "--timeout", "5s"});
  }

  [[nodiscard]] std::vector<std::string> alive() const {
    std::vector<std::string> names;
    for (const std::string name : {"n1", "n2", "n3", "n4", "n5"})
      if (std::ranges::find(crashed, name) == crashed.end()) names.push_back(name);
    return names;
  }

  /// Starts replicas that cannot be up yet.
  void start(const std::vector<std::string>& names) const {
    for (const std::string& name : names)
      (void)group->kvctl({"local", "restart", name, "--timeout", "1ms"});
  }

  const Variable suspect{"KVD_GMS_SUSPECT", "1s"};
  const Variable hysteresis{"KVD_GMS_UP_HYSTERESIS", "300ms"};
  const Variable evict_after{"KVD_GMS_EVICT_AFTER", "1500ms"};
  const Variable evict_gap{"KVD_GMS_EVICT_MIN_GAP", "500ms"};
  std::optional<FaultyDisks> disks;
  std::optional<LocalGroup> group;
  std::vector<std::string> crashed;
};

TEST_F(SequentialCrash, FiveStayInServiceDownToTwoAndOnlyThoseBringTheGroupBack) {
  Recorder recorder({group->endpoints(), 4, 5, 13});
  crash_leader();
  crash_leader();
  group->wait_for_view(3, 3);
  crash_leader();
  group->wait_for_view(3, 2);
  std::this_thread::sleep_for(500ms);
  recorder.stop();
  EXPECT_LT(longest_pause(recorder.history()), 3s);

  const auto last = alive();
  ASSERT_EQ(last.size(), 2U);
  FaultyDisks::power_off(*group, last);
  // Three of the five founders, two of which do not know that they were evicted.
  start(crashed);
  const Finished refused = group->kvctl({"get", "after", "--timeout", "3s"});
  EXPECT_EQ(refused.exit_code, 5) << refused.out << refused.err;
  start(last);
  group->wait_for_view(5, 5);
  EXPECT_GT(recorder.acknowledged().size(), 50U);
  EXPECT_EQ(wrong_with(*group, recorder), "");
  EXPECT_EQ(group->must({"get", "after"}), crashed.back() + "\n");
}

}  // namespace
}  // namespace tests::cluster
