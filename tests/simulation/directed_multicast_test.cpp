#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/scripted_cluster.hpp"

// What becomes of members' own messages when leaders and senders fail, step by step.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

constexpr Machine kSender = 2;

core::Config quick() {
  core::Config config;
  config.evict_after = 3000ms;
  config.evict_min_gap = 500ms;
  return config;
}

/// Machine 0 leads; machine 2 sends. Each message is delivered once, in order, or the checkers say
/// so; what is left to say is whether it is delivered at all.
class Multicasts : public ::testing::Test {
 protected:
  explicit Multicasts(std::uint32_t size = 3) : size_(size), cluster(size, quick()) {}

  void SetUp() override {
    ASSERT_TRUE(cluster.elect(0));
    cluster.run(500ms);
  }

  [[nodiscard]] std::size_t pending() const { return cluster.status(kSender).multicasts_pending; }
  /// How many of the messages of the sender's boot anybody has delivered.
  [[nodiscard]] std::uint64_t delivered(std::uint64_t boot) const {
    return cluster.multicasts_delivered(kSender, BootSeq(boot));
  }

  void expect_all_delivered(std::uint64_t count, std::uint64_t boot = 1) {
    EXPECT_EQ(pending(), 0U);
    EXPECT_EQ(delivered(boot), count);
    const Index applied = cluster.status(kSender).applied;
    for (Machine machine = 0; machine < size_; ++machine) {
      if (!cluster.shadow(machine).running) continue;
      EXPECT_EQ(cluster.status(machine).applied, applied) << machine;
    }
    EXPECT_EQ(cluster.violation(), "");
  }

  /// Evicts the sender, which does not hear it.
  void evict_sender() {
    cluster.isolate(kSender);
    const Request asked = cluster.admin(0, core::AdminAction::evict, kSender);
    cluster.run(100ms);
    ASSERT_TRUE(cluster.request(asked).completed.has_value());
    ASSERT_FALSE(cluster.request(asked).completed->error.has_value());
  }

  const std::uint32_t size_;
  ScriptedCluster cluster;
};

class MulticastsOfFive : public Multicasts {
 protected:
  MulticastsOfFive() : Multicasts(5) {}
};

TEST_F(Multicasts, OutliveALeaderThatHadAppendedThemForItselfAlone) {
  cluster.multicast(kSender);
  EXPECT_EQ(cluster.deliver(both(of_type<core::Forward>(), to_machine(0))), 1U);
  ASSERT_GT(cluster.status(0).last, cluster.status(1).last);
  cluster.drop(from_machine(0));
  cluster.crash(0);
  EXPECT_EQ(pending(), 1U);
  cluster.run(4s);
  expect_all_delivered(1);
  // The old leader's copy goes.
  cluster.restart(0);
  cluster.run(4s);
  expect_all_delivered(1);
}

TEST_F(Multicasts, OutliveALeaderThatHadNotCommittedThem) {
  cluster.multicast(kSender);
  EXPECT_EQ(cluster.deliver(both(of_type<core::Forward>(), to_machine(0))), 1U);
  EXPECT_EQ(cluster.deliver(of_type<core::Append>()), 2U);
  cluster.drop([](const Letter&) { return true; });
  cluster.crash(0);
  // It is in both logs that are left, and is sent once more.
  cluster.run(4s);
  expect_all_delivered(1);
}

TEST_F(Multicasts, OutliveALeaderThatHadCommittedThemAndToldNobody) {
  cluster.multicast(kSender);
  EXPECT_EQ(cluster.deliver(both(of_type<core::Forward>(), to_machine(0))), 1U);
  EXPECT_EQ(cluster.deliver(of_type<core::Append>()), 2U);
  EXPECT_GE(cluster.deliver(of_type<core::AppendReply>()), 2U);
  ASSERT_EQ(cluster.status(0).delivered, cluster.status(0).last);
  ASSERT_EQ(delivered(1), 1U);
  cluster.drop([](const Letter&) { return true; });
  cluster.crash(0);
  EXPECT_EQ(pending(), 1U);
  cluster.run(4s);
  expect_all_delivered(1);
  cluster.restart(0);
  cluster.run(4s);
  expect_all_delivered(1);
}

TEST_F(Multicasts, OfTheSendersNextLifeAreNotTakenForThoseOfTheLast) {
  for (int i = 0; i < 3; ++i) cluster.multicast(kSender);
  // On their way to a leader that is slow, while the sender begins anew with numbers from one.
  std::vector<Letter> late = cluster.take(from_machine(kSender));
  ASSERT_FALSE(late.empty());
  cluster.crash(kSender);
  cluster.restart(kSender);
  for (int i = 0; i < 2; ++i) cluster.multicast(kSender);
  cluster.run(1s);
  expect_all_delivered(2, 2);
  const std::uint64_t of_last = delivered(1);
  cluster.put_back(std::move(late));
  cluster.run(1s);
  expect_all_delivered(2, 2);
  EXPECT_EQ(delivered(1), of_last);
}

TEST_F(MulticastsOfFive, OfASenderThatIsEvictedAreDeliveredWhenItIsBack) {
  evict_sender();
  // It does not know, and sends on.
  for (int i = 0; i < 4; ++i) cluster.multicast(kSender);
  cluster.run(500ms);
  EXPECT_EQ(pending(), 4U);
  EXPECT_EQ(delivered(1), 0U);
  cluster.join_all();
  cluster.run(6s);
  ASSERT_TRUE(cluster.status(0).committed_view.view.is_up(cluster.shadow(kSender).id));
  expect_all_delivered(4);
}

TEST_F(MulticastsOfFive, OfASenderThatIsBackAreNotDeliveredOnceMoreByAnOldCopy) {
  cluster.multicast(kSender);
  std::vector<Letter> old = cluster.take(from_machine(kSender));
  ASSERT_FALSE(old.empty());
  cluster.put_back(old);
  cluster.run(300ms);
  ASSERT_EQ(delivered(1), 1U);
  evict_sender();
  // While it is out a copy arrives; what became of the sender's row is not to matter.
  cluster.put_back(old);
  cluster.run(100ms);
  cluster.join_all();
  cluster.run(6s);
  ASSERT_TRUE(cluster.status(0).committed_view.view.is_up(cluster.shadow(kSender).id));
  ASSERT_EQ(cluster.shadow(kSender).boot, BootSeq(1));
  const Index last = cluster.status(0).last;
  cluster.put_back(old);
  cluster.run(100ms);
  EXPECT_EQ(delivered(1), 1U);
  cluster.multicast(kSender);
  cluster.run(300ms);
  EXPECT_GT(cluster.status(0).last, last);
  expect_all_delivered(2);
}

}  // namespace
}  // namespace tests::simulation
