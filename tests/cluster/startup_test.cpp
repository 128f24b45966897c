#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What kvd is told about one member.
struct Member {
  std::filesystem::path data;
  std::string name = "n1";
  int client_port = 0;
  std::string host = "127.0.0.1";

  [[nodiscard]] std::vector<std::string> run() const {
    const std::string port = ":" + std::to_string(client_port);
    const std::string peer_port = ":" + std::to_string(client_port + 100);
    return {built("kvd"),      "run",       "--init",        "--data",        data, "--name", name,
            "--listen-client", host + port, "--listen-peer", host + peer_port};
  }
};

/// Checks that kvd refuses to start, with this code and one line.
void expect_refusal(const std::vector<std::string>& command, int code, const std::string& reason) {
  const Finished finished = run_program(command, {}, 10s);
  EXPECT_EQ(finished.exit_code, code) << finished.err;
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err, StartsWith("error: "));
  EXPECT_THAT(finished.err, HasSubstr(reason));
  EXPECT_EQ(std::ranges::count(finished.err, '\n'), 1) << finished.err;
}

/// One replica that runs, and room for others that may not.
class Startup : public ::testing::Test {
 protected:
  Startup() { EXPECT_TRUE(running.wait_until_said("ready name=n1", 10s)) << running.said(); }
  ~Startup() override { std::filesystem::remove_all(scratch); }

  const std::filesystem::path scratch = fresh_directory();
  const Member first{scratch / "first", "n1", 24601};
  Background running{first.run(), scratch / "first.log"};
};

TEST_F(Startup, RefusesAPortInUse) {
  Member second{scratch / "second", "n2", 24601};
  expect_refusal(second.run(), 2, "cannot listen at 127.0.0.1:24601: Address already in use");
  // Its client port is the first one's peer port.
  second.client_port = 24701;
  expect_refusal(second.run(), 2, "cannot listen at 127.0.0.1:24701: Address already in use");
  second.client_port = 24501;
  expect_refusal(second.run(), 2, "cannot listen at 127.0.0.1:24601: Address already in use");
}

TEST_F(Startup, RefusesADirectoryThatAnotherProcessUses) {
  Member second = first;
  second.client_port = 24611;
  expect_refusal(second.run(), 3, first.data.string() + ": in use by another process");
  expect_refusal({built("kvd"), "verify", first.data}, 3, "in use by another process");
}

TEST_F(Startup, RefusesADirectoryThatCannotBeWritten) {
  std::ofstream(scratch / "file") << "a file";
  const Member second{scratch / "file" / "data", "n2", 24611};
  expect_refusal(second.run(), 3, second.data.string() + ": cannot make it: Not a directory");
  // Not even root writes there.
  const Member third{"/proc/groupkv", "n3", 24611};
  expect_refusal(third.run(), 3, "/proc/groupkv: cannot make it");
}

TEST_F(Startup, RefusesADirectoryOfSomebodyElseAndTouchesNothingThere) {
  const Member second{scratch / "second", "n2", 24611};
  std::filesystem::create_directories(second.data);
  std::ofstream(second.data / "letter") << "private";
  expect_refusal(second.run(), 3, second.data.string() + ": holds other files");
  const std::filesystem::directory_iterator files(second.data);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
  EXPECT_EQ(content_of(second.data / "letter"), "private");
}

TEST_F(Startup, RefusesADirectoryThatWasNeverInitialised) {
  expect_refusal({built("kvd"), "run", "--data", scratch / "nothing"}, 3, "Try: kvd init --data");
  EXPECT_FALSE(std::filesystem::exists(scratch / "nothing"));
}

TEST_F(Startup, RefusesAnAddressThatOthersReachUnlessToldThatItIsInsecure) {
  Member second{scratch / "second", "n2", 24611, "0.0.0.0"};
  expect_refusal(second.run(), 2, "Try: --insecure");
  EXPECT_FALSE(std::filesystem::exists(second.data)) << "it was made before the refusal";
  auto insecure = second.run();
  insecure.emplace_back("--insecure");
  insecure.insert(insecure.end(), {"--advertise-peer", "127.0.0.1:24711"});
  const Background started(insecure, scratch / "second.log");
  EXPECT_TRUE(started.wait_until_said("ready name=n2", 10s)) << started.said();
}

TEST_F(Startup, RefusesToRunAMemberUnderAnotherName) {
  const Member second{scratch / "second", "n2", 24611};
  auto making = second.run();
  making[1] = "init";
  std::erase(making, "--init");
  EXPECT_EQ(run_program(making, {}, 10s).exit_code, 0);
  Member other = second;
  other.name = "n3";
  expect_refusal(other.run(), 3, second.data.string() + ": is the directory of n2, not of n3");
}

TEST_F(Startup, RefusesToAskForAdmissionAtWhatIsNoAddressAndWritesNothing) {
  const Member second{scratch / "second", "n2", 24611};
  auto joining = second.run();
  joining.insert(joining.end(), {"--join", "nonsense"});
  expect_refusal(joining, 2, "join: 'nonsense' is not a host and a port");
  EXPECT_FALSE(std::filesystem::exists(second.data));
}

TEST_F(Startup, AFounderThatIsToldToJoinKeepsItsOwnGroupAndSaysSo) {
  const Member second{scratch / "second", "n2", 24602};
  {
    Background founder{second.run(), scratch / "founder.log"};
    ASSERT_TRUE(founder.wait_until_said("ready name=n2", 10s)) << founder.said();
  }
  std::vector<std::string> joining = second.run();
  joining.insert(joining.end(), {"--join", "127.0.0.1:24701"});
  Background again{joining, scratch / "second.log"};
  ASSERT_TRUE(again.wait_until_said("ready name=n2", 10s)) << again.said();
  EXPECT_THAT(again.said(), HasSubstr("to join another group, initialise a new data directory"));
  const auto kvctl = [](int port, std::vector<std::string> arguments) {
    const std::string endpoint = "127.0.0.1:" + std::to_string(port);
    arguments.insert(arguments.begin(), {built("kvctl"), "--endpoints", endpoint});
    return run_program(arguments, {}, 10s);
  };
  EXPECT_EQ(kvctl(24601, {"put", "key", "of the first"}).exit_code, 0);
  EXPECT_EQ(kvctl(24602, {"get", "key"}).exit_code, 3);
  EXPECT_EQ(kvctl(24602, {"put", "key", "of the second"}).exit_code, 0);
  EXPECT_EQ(kvctl(24601, {"get", "key"}).out, "of the first\n");
}

TEST_F(Startup, RefusesASettingThatItDoesNotKnowAndNamesTheNearest) {
  expect_refusal({built("kvd"), "run", "--dtaa", "x"}, 2, "did you mean '--data'?");
  const Variable wrong("KVD_LISTEN_CLIENTS", "x");
  expect_refusal({built("kvd"), "run"}, 2, "did you mean 'KVD_LISTEN_CLIENT'?");
}

TEST_F(Startup, EndsWithZeroWithinFiveSecondsOfASignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const Member second{scratch / "second", "n2", 24611};
    Background started(second.run(), scratch / "second.log");
    ASSERT_TRUE(started.wait_until_said("ready name=n2", 10s)) << started.said();
    ::kill(started.pid(), signal);
    EXPECT_EQ(started.wait(5s), 0) << started.said();
    std::filesystem::remove(scratch / "second.log");
  }
}

}  // namespace
}  // namespace tests::cluster
