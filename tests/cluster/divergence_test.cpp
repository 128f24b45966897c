#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

#include "kvstore/storage/rocks_store.hpp"
#include "tests/cluster/local_group.hpp"

// A replica whose state became another behind the program's back, on real processes.

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using gms::model::as_bytes;
using kvstore::storage::RocksStore;
using kvstore::storage::Space;
using ::testing::HasSubstr;
using ::testing::Not;
namespace json = boost::json;

constexpr std::chrono::milliseconds kPatience = 20s;

/// Changes a value in the store of a replica that does not run, and nothing that tells of it.
void falsify(const std::filesystem::path& store, const std::string& key, const std::string& value) {
  auto opened = RocksStore::open(store, {});
  ASSERT_TRUE(opened) << opened.error().detail;
  const auto stored = (*opened)->stored();
  ASSERT_TRUE(stored && *stored);
  gms::model::Bytes old;
  const auto revision = (*opened)->get(Space::data, as_bytes(key), old);
  ASSERT_TRUE(revision && *revision);
  kvstore::storage::ChangeSet changes;
  changes.changes.push_back(
      {Space::data, as_bytes(key), kvstore::api::Versioned{**revision, as_bytes(value)}});
  changes.applied = (*stored)->applied;
  changes.record = (*stored)->record;
  ASSERT_TRUE((*opened)->apply(changes));
  ASSERT_TRUE((*opened)->flush());
}

class Divergence : public ::testing::Test {
 protected:
  Divergence() { group.must({"put", "account", "100"}); }

  [[nodiscard]] std::filesystem::path store_of(const std::string& name) const {
    return group.directory() / name / "data" / "state.1";
  }

  void falsify_account(const std::string& name) {
    // It writes its memory out when it ends.
    ASSERT_EQ(::kill(group.pid(name), SIGTERM), 0);
    ASSERT_TRUE(group.ends_within(name, kPatience));
    ASSERT_NO_FATAL_FAILURE(falsify(store_of(name), "account", "900"));
    group.must({"local", "restart", name});
    group.wait_all_up();
  }

  [[nodiscard]] bool has_event(const std::string& name, const std::string& kind) const {
    return group.log(name).find(kind) != std::string::npos;
  }
  [[nodiscard]] bool wait_for_event(const std::string& name, const std::string& kind) const {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!has_event(name, kind) && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(20ms);
    return has_event(name, kind);
  }

  void expect_equal_replicas() const {
    const Finished verified = group.kvctl({"verify", "--deep"});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
    EXPECT_THAT(verified.err, HasSubstr("all 3 replicas are equal"));
  }

  const LocalGroup group{3, 29500};
};

TEST_F(Divergence, OfAFollowerIsFoundByAnAnswerAndMended) {
  const std::string follower = group.followers().front();
  ASSERT_NO_FATAL_FAILURE(falsify_account(follower));
  // Nobody has looked at the value yet.
  EXPECT_EQ(group.kvctl({"verify", "--deep"}).exit_code, 9);
  EXPECT_FALSE(has_event(follower, "member_diverged"));
  group.must({"put", "account", "50", "--if-value", "100"});
  ASSERT_TRUE(wait_for_event(follower, "member_diverged")) << group.log(follower);
  ASSERT_TRUE(wait_for_event(follower, "state_mended")) << group.log(follower);
  expect_equal_replicas();
  const json::value status = json::parse(group.must({"status", "-o", "json"}));
  for (const json::value& member : status.at("members").as_array())
    EXPECT_FALSE(member.at("diverged").as_bool());
  EXPECT_THAT(group.must({"events", "--member", follower}), HasSubstr("member_diverged"));
}

TEST_F(Divergence, OfTheLeaderMakesItHandOver) {
  const std::string leader = group.leader();
  ASSERT_NO_FATAL_FAILURE(falsify_account(leader));
  if (group.leader() != leader) group.must({"member", "transfer", leader});
  ASSERT_EQ(group.leader(), leader);
  // Its answer is wrong, the last one it gives.
  static_cast<void>(group.kvctl({"put", "account", "50", "--if-value", "100"}));
  ASSERT_TRUE(wait_for_event(leader, "member_diverged")) << group.log(leader);
  ASSERT_TRUE(wait_for_event(leader, "state_mended")) << group.log(leader);
  EXPECT_NE(group.leader(), leader);
  EXPECT_EQ(group.must({"get", "account"}), "50\n");
  expect_equal_replicas();
}

/// Flips a bit in the middle of the largest file of rows, where no start looks.
void damage_rows(const std::filesystem::path& store) {
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::directory_iterator(store))
    if (entry.path().extension() == ".sst" &&
        (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)))
      largest = entry.path();
  ASSERT_FALSE(largest.empty());
  std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(largest) / 2);
  file.seekg(middle);
  const int byte = file.get();
  file.seekp(middle);
  file.put(static_cast<char>(byte ^ 1));
  ASSERT_TRUE(file.flush().good());
}

TEST_F(Divergence, OfRowsThatCannotBeReadIsFoundByWhoeverReadsThemAndMended) {
  group.must(
      {"bench", "put", "--keys", "2000", "--ops", "2000", "--value-size", "1000", "--sequential"});
  const std::string follower = group.followers().front();
  ASSERT_EQ(::kill(group.pid(follower), SIGTERM), 0);
  ASSERT_TRUE(group.ends_within(follower, kPatience));
  ASSERT_NO_FATAL_FAILURE(damage_rows(store_of(follower)));
  group.must({"local", "restart", follower});
  group.wait_all_up();
  EXPECT_FALSE(has_event(follower, "store_damaged")) << "the start met it";
  static_cast<void>(group.kvctl({"verify", "--deep"}));
  ASSERT_TRUE(wait_for_event(follower, "store_damaged")) << group.log(follower);
  ASSERT_TRUE(wait_for_event(follower, "state_damaged")) << group.log(follower);
  ASSERT_TRUE(wait_for_event(follower, "state_mended")) << group.log(follower);
  expect_equal_replicas();
}

/// Flips a bit of what files of rows have, wherever they have it. How many did.
int damage_all(const std::filesystem::path& store, const std::string& what) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(store)) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const std::size_t at = bytes.find(what);
    if (at == std::string::npos) continue;
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(bytes[at] ^ 1));
    count += file.flush().good() ? 1 : 0;
  }
  return count;
}

/// The same until no merge of files that was under way has another copy.
void damage(const std::filesystem::path& store, const std::string& what) {
  ASSERT_GT(damage_all(store, what), 0);
  for (int calm = 0; calm < 10; ++calm) {
    std::this_thread::sleep_for(50ms);
    if (damage_all(store, what) > 0) calm = 0;
  }
}

/// A state is asked for soon.
class ShortLog : public ::testing::Test {
 protected:
  void trim_all() const {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    const auto is_untrimmed = [this] {
      return group->must({"status", "-v", "-o", "plain"}).find("log.base\t0\n") !=
             std::string::npos;
    };
    while (is_untrimmed() && std::chrono::steady_clock::now() < until)
      group->must({"bench", "put", "--keys", "100", "--ops", "300", "--value-size", "1000"});
    ASSERT_FALSE(is_untrimmed());
  }
  [[nodiscard]] bool said(const std::string& name, const std::string& kind) const {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (group->log(name).find(kind) == std::string::npos) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  }

  const Variable retained{"KVD_GMS_RETAIN_BYTES", "64KiB"};
  const Variable step{"KVD_GMS_TRIM_STEP_BYTES", "64KiB"};
  const Variable segment{"KVD_LOG_SEGMENT_BYTES", "256KiB"};
  const Variable first_segment{"KVD_LOG_FIRST_SEGMENT_BYTES", "256KiB"};
  const Variable memory{"KVD_STORAGE_MEMTABLE_BYTES", "32KiB"};
  std::optional<LocalGroup> group = std::make_optional<LocalGroup>(3, 23200);
};

// Only whoever goes over to a state reads its sessions, and nobody could.
TEST_F(ShortLog, AStateWhoseSessionsAreDamagedIsNotGivenAwayButMended) {
  std::mt19937 random(5);
  std::string held(8000, ' ');
  for (char& letter : held) letter = static_cast<char>('!' + random() % 90);
  group->must({"put", "key", "-q"}, held);
  group->must({"put", "key", "other", "--prev", "-q"});
  ASSERT_NO_FATAL_FAILURE(trim_all());
  const std::string leader = group->leader();
  const std::string replaced = group->followers().front();
  group->must({"local", "kill", replaced});
  ASSERT_NO_FATAL_FAILURE(
      damage(group->directory() / leader / "data" / "state.1", held.substr(4000, 100)));
  EXPECT_THAT(group->log(leader), Not(HasSubstr("store_damaged"))) << "a merge met it";
  group->must({"local", "replace", replaced});
  EXPECT_TRUE(said(leader, "store_damaged")) << group->log(leader);
  EXPECT_TRUE(said(leader, "state_mended")) << group->log(leader);
  EXPECT_THAT(group->log(replaced), HasSubstr("snapshot_installed"));
  group->wait_all_up();
  const Finished verified = group->kvctl({"verify", "--deep"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST(DamageOfTheOnlyMember, IsMendedOnceThereAreOthers) {
  const LocalGroup group(1, 23000);
  const auto said = [&](const std::string& kind) {
    const std::string log = group.log("n1");
    std::size_t count = 0;
    for (std::size_t at = log.find(kind); at != std::string::npos; at = log.find(kind, at + 1))
      ++count;
    return count;
  };
  group.must(
      {"bench", "put", "--keys", "2000", "--ops", "2000", "--value-size", "1000", "--sequential"});
  ASSERT_EQ(::kill(group.pid("n1"), SIGTERM), 0);
  ASSERT_TRUE(group.ends_within("n1", kPatience));
  ASSERT_NO_FATAL_FAILURE(damage_rows(group.directory() / "n1" / "data" / "state.1"));
  group.must({"local", "restart", "n1"});
  group.wait_for_view(1, 1);
  static_cast<void>(group.kvctl({"verify", "--deep", "--timeout", "3s"}));
  EXPECT_EQ(said("store_damaged"), 1U);
  group.must({"put", "key", "value"});
  EXPECT_EQ(said("state_damaged"), 0U) << "there is no other state";
  // They have all of it from the log.
  group.must({"local", "add"});
  group.must({"local", "add"});
  group.wait_for_view(3, 3);
  static_cast<void>(group.kvctl({"verify", "--deep", "--timeout", "3s"}));
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (said("state_mended") == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(20ms);
  ASSERT_EQ(said("state_mended"), 1U) << group.log("n1");
  EXPECT_EQ(group.kvctl({"verify", "--deep"}).exit_code, 0);
}

}  // namespace
}  // namespace tests::cluster
