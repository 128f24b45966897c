#include <gmock/gmock.h>

#include <thread>

#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Membership, AMemberThatHasLeftIsGoneFromTheStatusAtOnceAndStaysAway) {
  LocalGroup group(3, 26200);
  const std::string leaver = group.followers().front();
  group.must({"put", "key", "value"});
  group.must({"member", "leave", leaver});
  EXPECT_THAT(group.must({"status"}), Not(HasSubstr(leaver + "\t")));
  // It runs still, and knows where it is not wanted.
  std::this_thread::sleep_for(1s);
  EXPECT_THAT(group.must({"status"}), Not(HasSubstr(leaver + "\t")));
  EXPECT_GT(group.pid(leaver), 0);
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
  EXPECT_EQ(group.kvctl({"member", "leave", leaver}).exit_code, 3);
}

TEST(Membership, WhoeverAsksAMemberThatHasLeftIsToldOfTheViewOfTheOthers) {
  LocalGroup group(3, 26300);
  const std::string leaver = group.followers().front();
  // It cannot take part in its own leave, and wakes up with the view before it.
  group.must({"local", "pause", leaver});
  group.must({"member", "leave", leaver});
  group.must({"local", "resume", leaver});
  const std::string its_endpoint =
      "127.0.0.1:" + std::to_string(group.client_port(leaver.back() - '0'));
  const std::vector<std::string> at_it{"--endpoints", its_endpoint};
  const auto ask = [&](std::vector<std::string> question) {
    question.insert(question.begin(), at_it.begin(), at_it.end());
    return group.kvctl(question);
  };
  EXPECT_EQ(ask({"member", "leave", leaver}).exit_code, 3);
  EXPECT_THAT(ask({"view", "show"}).out, Not(HasSubstr(leaver + "\t")));
  EXPECT_THAT(ask({"member", "list"}).out, Not(HasSubstr(leaver + "\t")));
}

TEST(Membership, TheLeaderMayLeaveAndANewMemberTakesItsPlace) {
  LocalGroup group(3, 26400);
  const std::string leaver = group.leader();
  group.must({"put", "key", "value"});
  group.must({"member", "leave", leaver});
  EXPECT_NE(group.leader(), leaver);
  group.must({"local", "kill", leaver});
  EXPECT_THAT(group.must({"local", "add"}), HasSubstr("n4\trunning"));
  group.must({"put", "other", "value"});
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
  group.wait_all_up();
  EXPECT_THAT(group.must({"status"}), HasSubstr("n4\t"));
  EXPECT_THAT(group.kvctl({"verify", "--deep"}).err, HasSubstr("all 3 replicas are equal"));
}

}  // namespace
}  // namespace tests::cluster
