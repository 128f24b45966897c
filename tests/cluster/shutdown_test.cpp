#include <gmock/gmock.h>
#include <signal.h>

#include <thread>

#include "tests/cluster/local_group.hpp"
#include "tests/cluster/recorder.hpp"
#include "tests/cluster/records.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;

/// How often a member was asked to take over, by what all of them have said.
int hand_overs(const LocalGroup& group) {
  constexpr std::string_view kAsked = "reason=asked_to_take_over";
  const std::string said = group.must({"local", "logs", "all"});
  int count = 0;
  for (std::size_t at = said.find(kAsked); at != std::string::npos; at = said.find(kAsked, at + 1))
    ++count;
  return count;
}

TEST(Shutdown, OfTheLeaderHandsItsLeadershipOverAndLosesNothing) {
  LocalGroup group(3, 24800);
  Recorder recorder({group.endpoints(), 4, 5, 7});
  std::this_thread::sleep_for(300ms);
  for (int round = 0; round < 3; ++round) {
    const std::string leader = group.leader();
    ::kill(group.pid(leader), SIGTERM);
    ASSERT_TRUE(group.ends_within(leader, 5s)) << leader << " goes on";
    EXPECT_EQ(hand_overs(group), round + 1) << "the others had to find out by themselves";
    EXPECT_NE(group.leader(), leader);
    group.must({"local", "restart", leader});
    group.wait_all_up();
  }
  recorder.stop();
  EXPECT_THAT(recorder.unknown(), ::testing::IsEmpty()) << "a hand-over answers every write";
  EXPECT_TRUE(recorder.doubled().empty());
  const std::string exported = group.must({"export", "--prefix", "own-"});
  for (const auto& [key, value] : recorder.acknowledged())
    EXPECT_NE(exported.find(jsonl_line(key, value)), std::string::npos) << key << " is lost";
  group.must({"verify", "--deep"});
}

TEST(Shutdown, OfAllMembersAtOnceTakesNoLonger) {
  LocalGroup group(3, 25000);
  group.must({"put", "key", "value"});
  for (const std::string name : {"n1", "n2", "n3"}) ::kill(group.pid(name), SIGTERM);
  for (const std::string name : {"n1", "n2", "n3"}) EXPECT_TRUE(group.ends_within(name, 5s));
  group.must({"local", "restart", "all"});
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
}

}  // namespace
}  // namespace tests::cluster
