#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <thread>

#include "client/client.hpp"
#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Runs kvctl on the group with a deadline of two seconds, and checks that it keeps that.
Finished in_two_seconds(const LocalGroup& group, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--timeout", "2s"});
  const auto start = std::chrono::steady_clock::now();
  Finished finished = group.kvctl(arguments);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  return finished;
}

TEST(NoQuorum, EndsReadsAndWritesThatNobodyTookWithFiveAndNamesTheMissing) {
  LocalGroup group(3, 24000);
  group.must({"put", "key", "value"});
  // Two had it when that returned. Now n2 has it, too.
  group.must({"verify"});
  for (const std::string name : {"n1", "n3"}) group.must({"local", "kill", name});
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"put", "key", "other"}, {"get", "key"}, {"range", "--count"}}) {
    const Finished finished = in_two_seconds(group, command);
    EXPECT_EQ(finished.exit_code, 5) << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_THAT(finished.err, HasSubstr("no quorum: 1 of 3 members reachable"));
    EXPECT_THAT(finished.err, HasSubstr("n1: connection refused"));
    EXPECT_THAT(finished.err, HasSubstr("n3: connection refused"));
  }
  EXPECT_THAT(in_two_seconds(group, {"put", "key", "other"}).err,
              HasSubstr("Not applied; safe to retry"));
  EXPECT_EQ(group.must({"get", "key", "--read", "local"}), "value\n");
  group.must({"local", "restart", "n1"});
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
}

TEST(NoQuorum, EndsAWriteThatTheLeaderTookAsUnknown) {
  LocalGroup group(3, 24200);
  client::Options options;
  options.endpoints = group.endpoints();
  options.deadline = 2s;
  client::Client client(options);
  ASSERT_TRUE(client.put("key", "first"));
  for (const std::string& follower : group.followers()) group.must({"local", "pause", follower});
  const auto start = std::chrono::steady_clock::now();
  const auto second = client.put("key", "second");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, client::ErrorCode::outcome_unknown) << second.error().detail;
  EXPECT_THAT(second.error().detail, HasSubstr("no quorum: 1 of 3 members reachable"));
  group.must({"local", "resume", "all"});
  group.wait_all_up();
  const auto found = client.get("key");
  ASSERT_TRUE(found && *found);
  EXPECT_THAT((*found)->bytes, ::testing::AnyOf("first", "second"));
  group.must({"verify", "--deep"});
}

TEST(NoQuorum, CountsNothingAsUnderWayOfClientsThatGaveUp) {
  LocalGroup group(3, 26600);
  group.must({"put", "key", "value"});
  for (const std::string name : {"n1", "n3"}) group.must({"local", "kill", name});
  const auto under_way = [&] {
    const auto status = boost::json::parse(group.must({"status", "-v", "-o", "json"}));
    for (const auto& member : status.at("members").as_array())
      if (member.at("name") == "n2")
        return member.at("counters").at("clients.under_way").to_number<int>();
    return 0;
  };
  // Without a leader they wait at n2 until these clients end.
  for (int i = 0; i < 3; ++i)
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"put", "key", "other", "--timeout", "300ms"},
          {"get", "key", "--timeout", "300ms"}})
      EXPECT_NE(group.kvctl(command).exit_code, 0);
  const auto give_up = std::chrono::steady_clock::now() + 5s;
  while (under_way() != 1 && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(under_way(), 1) << "but for the status itself";
}

TEST(NoQuorum, IsToldWhenNobodyIsThereAtAll) {
  LocalGroup group(3, 24400);
  group.must({"local", "kill", "all"});
  const Finished finished = in_two_seconds(group, {"put", "key", "value"});
  EXPECT_EQ(finished.exit_code, 5);
  EXPECT_THAT(finished.err, HasSubstr("no quorum: 0 of 3 members reachable"));
}

}  // namespace
}  // namespace tests::cluster
