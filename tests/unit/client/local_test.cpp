#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "client/kvctl/local_cluster.hpp"
#include "client/kvctl/process.hpp"

namespace kvctl {
namespace {

using client::ErrorCode;
using std::chrono::milliseconds;

class LocalTest : public ::testing::Test {
 protected:
  LocalTest()
      : directory(std::filesystem::path(::testing::TempDir()) /
                  ("kvctl_local_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory);
  }
  ~LocalTest() override { std::filesystem::remove_all(directory); }

  std::filesystem::path directory;
};

TEST_F(LocalTest, StartsSignalsAndAwaitsAProcess) {
  const auto started = start_process({"/bin/cat", "/dev/zero"}, "/dev/null");
  ASSERT_TRUE(started) << started.error().detail;
  EXPECT_TRUE(is_running(*started));
  EXPECT_FALSE(wait_for_end(*started, milliseconds(0)));
  ASSERT_TRUE(send_signal(*started, SIGKILL));
  EXPECT_TRUE(wait_for_end(*started, milliseconds(10'000)));
  EXPECT_FALSE(is_running(*started));
  EXPECT_EQ(exit_status(*started), 128 + SIGKILL);
}

/// Whether this process has handles of other processes, and whether children inherit one of them.
enum class Handles : std::uint8_t { none, kept, inherited };

Handles process_handles() {
  Handles found = Handles::none;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (gone || target != "anon_inode:[pidfd]") continue;
    const int flags = fcntl(std::stoi(entry.path().filename()), F_GETFD);
    if (flags != -1 && (flags & FD_CLOEXEC) == 0) return Handles::inherited;
    found = Handles::kept;
  }
  return found;
}

TEST_F(LocalTest, KeepsWhatItWaitsForAProcessWithFromOthersThatItStarts) {
  const auto started = start_process({"/bin/cat", "/dev/zero"}, "/dev/null");
  ASSERT_TRUE(started);
  std::thread waiting([&] { EXPECT_TRUE(wait_for_end(*started, milliseconds(60'000))); });
  while (process_handles() == Handles::none) std::this_thread::yield();
  // The first that is seen need not be the one that stays.
  for (int look = 0; look < 200; ++look) EXPECT_NE(process_handles(), Handles::inherited);
  ASSERT_TRUE(send_signal(*started, SIGKILL));
  waiting.join();
}

TEST_F(LocalTest, NeverSignalsAnotherProcessOfTheSameNumber) {
  const auto started = start_process({"/bin/cat", "/dev/zero"}, "/dev/null");
  ASSERT_TRUE(started);
  ProcessId earlier = *started;
  --earlier.started;
  const auto sent = send_signal(earlier, SIGKILL);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::not_found);
  EXPECT_TRUE(is_running(*started));
  ASSERT_TRUE(send_signal(*started, SIGKILL));
  EXPECT_TRUE(wait_for_end(*started, milliseconds(10'000)));
}

/// Ends its first thread and waits in another one.
[[noreturn]] void live_on_without_the_first_thread() {
  std::thread([] {
    while (true) pause();
  }).detach();
  syscall(SYS_exit, 0);
  std::abort();
}

char state_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  in >> word >> word >> word;
  return word[0];
}

TEST_F(LocalTest, CountsAProcessAsRunningUntilItsLastThreadIsGone) {
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) live_on_without_the_first_thread();
  while (state_of(pid) != 'Z') std::this_thread::yield();
  const auto process = process_with(pid);
  ASSERT_TRUE(process) << "it still holds what it has opened";
  EXPECT_TRUE(is_running(*process));
  EXPECT_FALSE(wait_for_end(*process, milliseconds(0)));
  ASSERT_TRUE(send_signal(*process, SIGKILL));
  EXPECT_TRUE(wait_for_end(*process, milliseconds(10'000)));
  EXPECT_FALSE(is_running(*process));
  EXPECT_EQ(exit_status(*process), 128 + SIGKILL);
}

TEST_F(LocalTest, TakesAFileOfSomebodyElsesProcessForNone) {
  const LocalMember member = member_at(directory, 17400, 1);
  ASSERT_TRUE(save(member));
  // This process was not started at that time.
  ASSERT_TRUE(save_process(member, {getpid(), 1}));
  EXPECT_FALSE(process_of(member));
  LocalCluster cluster(directory);
  EXPECT_TRUE(cluster.stop(member));
  EXPECT_EQ(cluster.signal(member, SIGKILL).error().code, ErrorCode::not_found);
}

TEST_F(LocalTest, KeepsItsMembersInTheOrderOfTheirNumbers) {
  for (const std::size_t place : {10, 2, 1}) ASSERT_TRUE(save(member_at(directory, 17400, place)));
  std::filesystem::create_directories(directory / "notes");
  const auto members = local_members(directory);
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].name, "n1");
  EXPECT_EQ(members[0].client_address, "127.0.0.1:17401");
  EXPECT_EQ(members[0].peer_address, "127.0.0.1:17501");
  EXPECT_EQ(members[1].name, "n2");
  EXPECT_EQ(members[2].name, "n10");
}

TEST_F(LocalTest, WritesOverNothingThatAnotherReads) {
  ASSERT_TRUE(save(member_at(directory, 17400, 1)));
  std::ifstream before(directory / "n1" / "member");
  LocalMember moved = member_at(directory, 17600, 2);
  moved.directory = directory / "n1";
  ASSERT_TRUE(save(moved));
  std::string line;
  std::getline(before, line);
  EXPECT_EQ(line, "127.0.0.1:17401 127.0.0.1:17501");
  EXPECT_EQ(local_members(directory).front().client_address, "127.0.0.1:17602");
}

TEST_F(LocalTest, NamesTheMembersThatThereAre) {
  LocalCluster cluster(directory);
  EXPECT_EQ(cluster.find("n1").error().code, ErrorCode::not_found);
  ASSERT_TRUE(save(member_at(directory, 17400, 1)));
  ASSERT_TRUE(save(member_at(directory, 17400, 2)));
  EXPECT_TRUE(cluster.find("n2"));
  EXPECT_EQ(cluster.find("n3").error().detail, "there is no member n3, only n1, n2");
}

TEST_F(LocalTest, StartsNobodyWhereOneOfThePortsIsTaken) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor taken(context, {boost::asio::ip::address_v4::loopback(), 23402});
  LocalCluster cluster(directory / "cluster");
  const auto started = cluster.start(3, 23400);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().detail, "port 23402, for n2, is in use. Try: another --base-port");
  EXPECT_TRUE(cluster.members().empty());
}

TEST_F(LocalTest, SaysWhichProgramIsMissing) {
  const auto started = start_process({(directory / "kvd").string()}, "/dev/null");
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kvctl
