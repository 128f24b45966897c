#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <thread>

#include "tests/cluster/faulty_disks.hpp"
#include "tests/cluster/recorder.hpp"
#include "tests/cluster/verdict.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using kvstore::api::Counter;
using ::testing::HasSubstr;

/// How a replica ended, which kvctl started and left to this process; nothing if it goes on.
std::optional<int> exit_code_of(pid_t process, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < until) {
    int status = 0;
    if (::waitpid(process, &status, WNOHANG) == process)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    std::this_thread::sleep_for(2ms);
  }
  return std::nullopt;
}

/// Three replicas on disks that fail or take long when a test says so, and clients that go on.
class DiskFault : public ::testing::Test {
 protected:
  void SetUp() override {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    disks.emplace();
  }

  void start(int base_port) {
    group.emplace(3, base_port, disks->parent());
    recorder.emplace(Recorder::Settings{group->endpoints(), 4, 5, 12});
    std::this_thread::sleep_for(500ms);
  }

  /// One sync of its log fails.
  void fail_a_sync(const std::string& name) {
    const pid_t process = group->pid(name);
    FaultyDisks::order(*group, name, "sync /data/log/ 3 1 EIO");
    ASSERT_TRUE(FaultyDisks::wait_until_fired(*group, name, 10s));
    EXPECT_EQ(exit_code_of(process, 2s), 4) << group->log(name);
    EXPECT_THAT(group->log(name), HasSubstr("Input/output error"));
    FaultyDisks::mend(*group, name);
  }

  /// Every sync of its log takes four seconds, twice the silence for which a member is suspected.
  void hang(const std::string& name) {
    FaultyDisks::order(*group, name, "sync /data/log/ 0 100 wait:4000");
    ASSERT_TRUE(FaultyDisks::wait_until_fired(*group, name, 10s));
  }

  void go_on_writing(std::chrono::seconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
      group->must({"put", "while", "it is slow", "--timeout", "1s"});
      std::this_thread::sleep_for(50ms);
    }
  }

  void expect_nothing_lost() {
    recorder->stop();
    EXPECT_GT(recorder->acknowledged().size(), 50U);
    EXPECT_EQ(wrong_with(*group, *recorder), "");
  }

  const Variable segment{"KVD_LOG_SEGMENT_BYTES", "1MiB"};
  const Variable disk_stall{"KVD_GMS_DISK_STALL", "500ms"};
  std::optional<FaultyDisks> disks;
  std::optional<LocalGroup> group;
  std::optional<Recorder> recorder;
};

TEST_F(DiskFault, AFailedSyncEndsAReplicaAndTheOthersGoOn) {
  start(28600);
  for (const std::string& name : {group->followers().front(), group->leader()}) {
    fail_a_sync(name);
    group->must({"put", "without", name});
    group->must({"local", "restart", name});
    group->wait_all_up();
  }
  expect_nothing_lost();
}

TEST_F(DiskFault, WhatAFailedSyncDroppedIsWrittenAgainBeforeItIsBuiltUpon) {
  // Room for all of it in the first file: it shall be that one's sync that fails.
  const Variable large{"KVD_LOG_SEGMENT_BYTES", "8MiB"};
  const Variable first{"KVD_LOG_FIRST_SEGMENT_BYTES", "8MiB"};
  group.emplace(3, 28700, disks->parent());
  client::Options options;
  options.endpoints = group->endpoints();
  client::Client client(options);
  // One batch each, of whole pages: what shares one with a later write is written with that.
  const std::string value(60'000, 'v');
  std::vector<std::string> written;
  const auto put = [&](const std::string& key) {
    if (client.put(key, value)) written.push_back(key);
  };
  put("first");
  for (const std::string name : {"n1", "n2", "n3"}) {
    const pid_t process = group->pid(name);
    FaultyDisks::order(*group, name, "sync /data/log/1-1.seg 2 1 EIO");
    for (int i = 0; i < 10; ++i) put(name + "-" + std::to_string(i));
    ASSERT_EQ(exit_code_of(process, 2s), 4) << group->log(name);
    FaultyDisks::mend(*group, name);
    group->must({"local", "restart", name});
    group->wait_all_up();
    put(name);
  }
  FaultyDisks::power_off(*group, {"n1", "n2", "n3"});
  group->must({"local", "restart", "all"});
  group->wait_all_up();
  EXPECT_GE(written.size(), 25U);
  for (const std::string& key : written)
    EXPECT_TRUE(group->must({"get", key}) == value + "\n") << key;
  group->must({"verify", "--deep"});
}

TEST_F(DiskFault, AFollowerWhoseSyncsHangIsNotSuspected) {
  start(28800);
  const std::string slow = group->followers().front();
  const auto before = group->view();
  hang(slow);
  go_on_writing(5s);
  const auto after = group->view();
  ASSERT_TRUE(before);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->seq, before->seq) << group->must({"events"});
  FaultyDisks::mend(*group, slow);
  expect_nothing_lost();
}

TEST_F(DiskFault, ALeaderWhoseSyncsHangHandsOverAndStaysAMember) {
  start(28850);
  const std::string slow = group->leader();
  const auto hung = std::chrono::steady_clock::now();
  hang(slow);
  while (group->leader() == slow && std::chrono::steady_clock::now() - hung < 5s)
    std::this_thread::sleep_for(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - hung, 3500ms) << "it waited for its disk";
  go_on_writing(4s);
  EXPECT_NE(group->leader(), slow);
  const auto view = group->view();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->voters.size(), 3U);
  FaultyDisks::mend(*group, slow);
  group->wait_all_up();
  expect_nothing_lost();
}

TEST_F(DiskFault, StoresThatDoNotKeepUpSlowWritesDownAndHinderNothingElse) {
  const Variable small{"KVD_STORAGE_MEMTABLE_BYTES", "1MiB"};
  start(28880);
  const auto before = group->view();
  const std::string leader = group->leader();
  for (const std::string name : {"n1", "n2", "n3"})
    FaultyDisks::order(*group, name, "sync /data/state. 0 1000 wait:2000");
  client::Options options;
  options.endpoints = group->endpoints();
  client::Client client(options);
  const std::string value(250'000, 'v');
  const auto until = std::chrono::steady_clock::now() + 12s;
  std::size_t written = 0;
  while (std::chrono::steady_clock::now() < until)
    if (client.put("large " + std::to_string(written), value)) ++written;
  // More than the tables hold: others are delivered besides.
  EXPECT_GT(written, 55U) << "of 250 kB";
  EXPECT_EQ(group->leader(), leader);
  const auto after = group->view();
  ASSERT_TRUE(before);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->seq, before->seq) << group->must({"events"});
  for (const std::string& address : group->endpoints()) {
    const auto status = client.status(address);
    ASSERT_TRUE(status.has_value()) << address;
    const auto stall = std::ranges::find(status->counters, "loop.stall_max_us", &Counter::name);
    ASSERT_NE(stall, status->counters.end());
    EXPECT_LT(stall->value, 1'000'000U) << address << ": a sync takes two seconds";
  }
  for (const std::string name : {"n1", "n2", "n3"}) FaultyDisks::mend(*group, name);
  group->wait_all_up();
  for (std::size_t i = 0; i < written; ++i)
    EXPECT_TRUE(client.get("large " + std::to_string(i))->has_value()) << i;
  expect_nothing_lost();
}

TEST_F(DiskFault, ALeaderWhoseStoreCannotWriteLetsAnotherLead) {
  const Variable small{"KVD_STORAGE_MEMTABLE_BYTES", "1MiB"};
  start(29050);
  const std::string broken = group->leader();
  FaultyDisks::order(*group, broken, "write /data/state. 0 1000000 EIO");
  client::Options options;
  options.endpoints = group->endpoints();
  client::Client client(options);
  const std::string value(100'000, 'v');
  const auto until = std::chrono::steady_clock::now() + 30s;
  std::size_t written = 0;
  while (std::chrono::steady_clock::now() < until && (written < 60 || group->leader() == broken))
    if (client.put("large " + std::to_string(written), value)) ++written;
  EXPECT_GE(written, 60U) << "of 100 kB: more than the leader's tables hold";
  EXPECT_NE(group->leader(), broken);
  EXPECT_NE(group->must({"events"}).find("steps_aside"), std::string::npos);
  FaultyDisks::mend(*group, broken);
  group->wait_all_up();
  for (std::size_t i = 0; i < written; ++i)
    EXPECT_TRUE(client.get("large " + std::to_string(i))->has_value()) << i;
  expect_nothing_lost();
}

TEST_F(DiskFault, RowsThatTheDiskCannotReadAreMendedAsDamagedOnesAre) {
  const Variable small{"KVD_STORAGE_MEMTABLE_BYTES", "1MiB"};
  start(29080);
  client::Options options;
  options.endpoints = group->endpoints();
  client::Client client(options);
  const std::string value(100'000, 'v');
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(client.put("large " + std::to_string(i), value));
  const std::string broken = group->leader();
  FaultyDisks::order(*group, broken, "read /data/state.1/ 0 1000000 EIO");
  for (int i = 0; i < 40; ++i) {
    const auto read = client.get("large " + std::to_string(i));
    ASSERT_TRUE(read.has_value()) << read.error().detail;
    EXPECT_EQ((*read)->bytes.size(), value.size());
  }
  const auto until = std::chrono::steady_clock::now() + 20s;
  const auto is_mended = [&] {
    return group->log(broken).find("state_mended") != std::string::npos;
  };
  while (!is_mended() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(is_mended()) << group->log(broken);
  EXPECT_TRUE(FaultyDisks::wait_until_fired(*group, broken, 1s));
  FaultyDisks::mend(*group, broken);
  group->wait_all_up();
  expect_nothing_lost();
}

TEST_F(DiskFault, WritesInPiecesAndInterruptedOnesAreCarriedOn) {
  start(28900);
  const auto before = group->view();
  for (const std::string name : {"n1", "n2", "n3"}) {
    FaultyDisks::order(*group, name, "write /data/log/ 0 300 EINTR\nwrite /data/log/ 0 300 short");
    ASSERT_TRUE(FaultyDisks::wait_until_fired(*group, name, 10s));
  }
  go_on_writing(1s);
  const auto after = group->view();
  ASSERT_TRUE(before);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->seq, before->seq) << group->must({"events"});
  for (const std::string name : {"n1", "n2", "n3"}) FaultyDisks::mend(*group, name);
  FaultyDisks::power_off(*group, {"n1", "n2", "n3"});
  group->must({"local", "restart", "all"});
  expect_nothing_lost();
}

TEST_F(DiskFault, AFailedWriteEndsAReplicaAndTheOthersGoOn) {
  start(29000);
  const std::string name = group->leader();
  const pid_t process = group->pid(name);
  FaultyDisks::order(*group, name, "write /data/log/ 3 1 EIO");
  ASSERT_TRUE(FaultyDisks::wait_until_fired(*group, name, 10s));
  EXPECT_EQ(exit_code_of(process, 2s), 4) << group->log(name);
  FaultyDisks::mend(*group, name);
  group->must({"local", "restart", name});
  group->wait_all_up();
  expect_nothing_lost();
}

}  // namespace
}  // namespace tests::cluster
