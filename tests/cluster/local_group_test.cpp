#include "tests/cluster/local_group.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;

/// Has a group, says the process of its member, and waits for its own end.
[[noreturn]] void hold_a_group(int out) {
  const LocalGroup group(1, 29950);
  const pid_t member = group.pid("n1");
  if (::write(out, &member, sizeof member) != sizeof member) ::_exit(1);
  while (true) ::pause();
}

bool runs(pid_t process) {
  return ::kill(process, 0) == 0;
}

TEST(LocalGroup, OfATestThatIsKilledDoesNotRunOn) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t test = ::fork();
  ASSERT_GE(test, 0);
  if (test == 0) hold_a_group(ends[1]);
  ::close(ends[1]);
  pid_t member = 0;
  ASSERT_EQ(::read(ends[0], &member, sizeof member), static_cast<ssize_t>(sizeof member));
  ::close(ends[0]);
  ASSERT_TRUE(runs(member));
  ::kill(test, SIGKILL);
  ::waitpid(test, nullptr, 0);
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (runs(member) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(runs(member));
}

}  // namespace
}  // namespace tests::cluster
