#include <gmock/gmock.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <sstream>
#include <thread>

#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
namespace json = boost::json;

json::value parsed(const LocalGroup& group, std::vector<std::string> command) {
  command.insert(command.end(), {"-o", "json"});
  return json::parse(group.kvctl(command).out);
}

std::string id_of(const LocalGroup& group, const std::string& name) {
  const json::value list = parsed(group, {"member", "list"});
  for (const json::value& member : list.at("members").as_array())
    if (member.at("name").as_string() == name) return std::string(member.at("id").as_string());
  return "";
}

/// The causes, subjects and reasons of the group's views, a view a line.
std::string history_of(const LocalGroup& group) {
  std::string text;
  const json::value history = parsed(group, {"view", "history"});
  for (const json::value& view : history.at("views").as_array())
    text += std::string(view.at("cause").as_string()) + " " +
            std::string(view.at("subject").as_string()) + " " +
            std::string(view.at("reason").as_string()) + "\n";
  return text;
}

/// Waits until the program has said a line with all of these in it; false when it has not by then.
bool says(const Background& program, const std::vector<std::string>& parts,
          std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  do {
    std::istringstream lines(program.said());
    for (std::string line; std::getline(lines, line);)
      if (std::ranges::all_of(
              parts, [&](const std::string& part) { return line.find(part) != std::string::npos; }))
        return true;
    std::this_thread::sleep_for(20ms);
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

TEST(MemberChange, AnEvictionIsExplainedRefusedAtTheFloorAndDoneAboveIt) {
  const LocalGroup group(3, 26800);
  const std::string evicted = group.followers().front();
  const Finished explained = group.kvctl({"member", "evict", evicted, "--explain", "-o", "json"});
  EXPECT_EQ(explained.exit_code, 4) << explained.err;
  const json::value effect = json::parse(explained.out);
  EXPECT_EQ(effect.at("before"), json::parse(R"({"voters":3,"quorum":2,"up":3,"survives":1})"));
  EXPECT_EQ(effect.at("after"), json::parse(R"({"voters":2,"quorum":2,"up":2,"survives":0})"));
  EXPECT_EQ(effect.at("refused"), true);
  const Finished refused = group.kvctl({"member", "evict", evicted});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err,
              AllOf(StartsWith("error: member evict " + evicted + ": 2 voters would "),
                    HasSubstr("the floor is 3"), HasSubstr("Not applied. Try: kvctl ")));
  group.must({"local", "add"});
  EXPECT_EQ(group.kvctl({"member", "evict", evicted, "--explain"}).exit_code, 0);
  // One that runs would be back at once.
  group.must({"local", "kill", evicted});
  group.must({"member", "wait", evicted, "--down"});
  group.must({"member", "evict", evicted});
  group.must({"member", "wait", evicted, "--gone", "--timeout", "5s"});
  EXPECT_THAT(history_of(group), HasSubstr("evict " + evicted + " asked\n"));
  EXPECT_EQ(group.kvctl({"member", "wait", evicted, "--timeout", "300ms"}).exit_code, 124);
  EXPECT_EQ(group.kvctl({"member", "evict", evicted}).exit_code, 3);
  group.must({"local", "restart", evicted});
  group.must({"member", "wait", evicted, "--up"});
}

TEST(MemberChange, MaintenanceKeepsAMemberFromBeingEvictedUntilItIsEnded) {
  const LocalGroup group(4, 27000);
  const std::string rested = group.followers().front();
  group.must({"member", "maintenance", rested, "--for", "10m"});
  EXPECT_EQ(parsed(group, {"view", "show"}).at("maintenance"), json::array{rested});
  EXPECT_EQ(group.kvctl({"member", "evict", rested, "--explain"}).exit_code, 4);
  const Finished refused = group.kvctl({"member", "evict", rested});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("in maintenance"));
  EXPECT_EQ(group.kvctl({"local", "replace", rested}).exit_code, 4);
  group.must({"member", "maintenance", rested, "--end"});
  EXPECT_EQ(parsed(group, {"view", "show"}).at("maintenance"), json::array{});
  EXPECT_EQ(group.kvctl({"member", "maintenance", rested, "--for", "25h"}).exit_code, 2);
  group.must({"member", "evict", rested});
}

TEST(MemberChange, AWipedMemberIsReplacedByOneCommand) {
  const LocalGroup group(3, 27200);
  group.must({"put", "key", "value"});
  const std::string replaced = group.leader();
  const std::string old = id_of(group, replaced);
  EXPECT_EQ(group.kvctl({"member", "replace", replaced}).exit_code, 4);
  group.must({"local", "kill", replaced});
  std::filesystem::remove_all(group.directory() / replaced / "data");
  EXPECT_THAT(group.must({"member", "replace", replaced}),
              AllOf(StartsWith("kvd run --init"), HasSubstr(" --name " + replaced + " "),
                    HasSubstr(" --join 127.0.0.1:")));
  const json::value done = json::parse(group.must({"local", "replace", replaced, "-o", "json"}));
  EXPECT_EQ(done.at("name").as_string(), replaced);
  EXPECT_LT(done.at("took_ms").as_int64(), 20'000);
  const std::string now = id_of(group, replaced);
  EXPECT_NE(now, old);
  EXPECT_EQ(done.at("member").as_string(), now);
  EXPECT_THAT(history_of(group), HasSubstr("evict " + replaced + " replaced\n"));
  group.wait_all_up();
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
  EXPECT_THAT(group.kvctl({"verify", "--deep"}).err, HasSubstr("all 3 replicas are equal"));
}

TEST(MemberChange, NoDataIsWipedThatTheOthersNeed) {
  const LocalGroup group(3, 27400);
  group.must({"put", "key", "value"});
  const auto followers = group.followers();
  group.must({"local", "kill", followers[0]});
  for (const std::string& name : {followers[1], group.leader()})
    EXPECT_EQ(group.kvctl({"local", "replace", name}).exit_code, 5) << name;
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
  group.must({"local", "replace", followers[0]});
  group.wait_all_up();
}

TEST(MemberChange, AMemberIsRemovedInOrderAndTheFirstOneToo) {
  const LocalGroup group(3, 27600);
  group.must({"put", "key", "value"});
  group.must({"local", "remove", "n1"});
  EXPECT_FALSE(std::filesystem::exists(group.directory() / "n1"));
  EXPECT_THAT(group.must({"member", "list"}), Not(HasSubstr("n1\t")));
  EXPECT_THAT(history_of(group), HasSubstr("leave n1 asked\n"));
  // n2 is the first one now, and founds no group of its own.
  group.must({"local", "add"});
  group.must({"local", "replace", "n2"});
  EXPECT_THAT(group.must({"member", "list"}), HasSubstr("n2\t"));
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
  for (const char* name : {"n3", "n4"}) group.must({"local", "remove", name});
  EXPECT_EQ(group.kvctl({"local", "remove", "n2"}).exit_code, 4);
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
}

TEST(MemberChange, EventsAreFollowedUntilAnInterrupt) {
  const LocalGroup group(3, 27800);
  Background follower(
      {built("kvctl"), "--dir", group.directory().string(), "events", "--follow", "-o", "jsonl"},
      group.directory() / "events");
  const std::string next = group.followers().front();
  ASSERT_TRUE(follower.wait_until_said("election_won", 10s)) << follower.said();
  EXPECT_THAT(follower.said(), Not(HasSubstr("asked_to_take_over")));
  group.must({"member", "transfer", next});
  EXPECT_EQ(group.leader(), next);
  EXPECT_TRUE(follower.wait_until_said("asked_to_take_over", 10s)) << follower.said();
  // One that has started anew is heard further.
  group.must({"local", "restart", next});
  group.must({"member", "maintenance", next, "--for", "1m"});
  EXPECT_TRUE(says(follower, {"\"member\":\"" + next + "\"", "cause=maintenance"}, 10s))
      << follower.said();
  kill(follower.pid(), SIGINT);
  EXPECT_EQ(follower.wait(5s), 130);
  // Of one that does not answer it is said so, and no empty list is printed.
  group.must({"local", "kill", next});
  const Finished unheard = group.kvctl({"events", "--member", next});
  EXPECT_EQ(unheard.exit_code, 5) << unheard.err;
  EXPECT_EQ(unheard.out, "");
}

}  // namespace
}  // namespace tests::cluster
