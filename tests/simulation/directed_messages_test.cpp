#include <gtest/gtest.h>

#include "tests/simulation/network.hpp"

// What the simulated network does to messages, one link after another: a network that is kinder
// than it says would let every other check pass.

namespace tests::simulation {
namespace {

using namespace std::chrono_literals;

constexpr int kMessages = 2000;

/// The fates of messages that machine 0 sends to machine 1, ten in a millisecond.
std::vector<Fate> fates_with(const NetworkOptions& options) {
  Network network(options, Random(7, Concern::network));
  network.connect(0, 1);
  std::vector<Fate> fates;
  for (int i = 0; i < kMessages; ++i) fates.push_back(network.send(0, 1, 0, i * 100us));
  return fates;
}

int overtaken(const std::vector<Fate>& fates) {
  int count = 0;
  VirtualTime last{};
  for (const Fate& fate : fates) {
    if (*fate.arrives < last) ++count;
    last = std::max(last, *fate.arrives);
  }
  return count;
}

int lost(const std::vector<Fate>& fates) {
  int count = 0;
  for (const Fate& fate : fates) count += fate.arrives ? 0 : 1;
  return count;
}

TEST(SimulatedNetwork, LetsMessagesOvertakeEachOtherUnlessItKeepsTheirOrder) {
  NetworkOptions options;
  EXPECT_GT(overtaken(fates_with(options)), kMessages / 10);
  options.in_order = true;
  EXPECT_EQ(overtaken(fates_with(options)), 0);
}

TEST(SimulatedNetwork, LosesAsManyMessagesAsItIsTold) {
  NetworkOptions options;
  EXPECT_EQ(lost(fates_with(options)), 0);
  options.loss = 100'000;
  EXPECT_NEAR(lost(fates_with(options)), kMessages / 10, kMessages / 40);
}

TEST(SimulatedNetwork, DoublesMessagesAndBringsOldOnesBackMuchLater) {
  NetworkOptions options;
  options.duplication = options.graveyard = 100'000;
  int doubled = 0;
  int returned = 0;
  const std::vector<Fate> fates = fates_with(options);
  for (std::size_t i = 0; i < fates.size(); ++i) {
    if (fates[i].copy_arrives) ++doubled;
    if (!fates[i].returns_from_the_graveyard) continue;
    ++returned;
    EXPECT_GE(*fates[i].returns_from_the_graveyard, i * 100us + 200ms);
  }
  EXPECT_NEAR(doubled, kMessages / 10, kMessages / 40);
  EXPECT_NEAR(returned, kMessages / 10, kMessages / 40);
}

}  // namespace
}  // namespace tests::simulation
