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
