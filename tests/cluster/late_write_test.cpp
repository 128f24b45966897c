#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "client/client.hpp"
#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;

/// A client that knows one member alone writes a key while that stands still, gives up, and is
/// gone.
client::ErrorCode write_in_vain(const std::string& endpoint, const std::string& key,
                                const LocalGroup& group, const std::string& name) {
  client::Options options;
  options.endpoints = {endpoint};
  client::Client client(options);
  EXPECT_TRUE(client.put(key + "-before", "to have a session"));
  group.must({"local", "pause", name});
  client::WriteOptions write;
  write.deadline = 250ms;
  const auto wrote = client.put(key, "late", write);
  EXPECT_FALSE(wrote);
  return wrote ? client::ErrorCode::closed : wrote.error().code;
}

TEST(LateWrites, AreNotCarriedOutByALeaderThatStoodStillWhileOthersElectedAnother) {
  LocalGroup group(3, 24600);
  client::Options options;
  options.endpoints = group.endpoints();
  client::Client client(options);
  for (int round = 0; round < 4; ++round) {
    const std::string key = "key" + std::to_string(round);
    ASSERT_TRUE(client.put(key, "first"));
    const std::string leader = group.leader();
    const std::string endpoint = group.endpoints()[static_cast<std::size_t>(leader[1] - '1')];
    EXPECT_EQ(write_in_vain(endpoint, key, group, leader), client::ErrorCode::outcome_unknown);
    // Once this is done another leads.
    ASSERT_TRUE(client.put(key, "new"));
    group.must({"local", "resume", leader});
    group.wait_all_up();
    // Whatever was read late would have been ordered by now.
    std::this_thread::sleep_for(300ms);
    const auto found = client.get(key);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->bytes, "new");
  }
}

}  // namespace
}  // namespace tests::cluster
