#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <string>

#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace json = boost::json;

/// One line of the jsonl of import and export.
std::string line_of(int number) {
  const std::string text = std::to_string(100000 + number);
  return R"({"key":"key)" + text + R"(","value":"value )" + text + "\"}\n";
}

/// A member of a new group, restored from a snapshot.
class Restored {
 public:
  Restored(const std::filesystem::path& snapshot, int client_port)
      : client_("127.0.0.1:" + std::to_string(client_port)),
        restored_(run_program(
            {built("kvd"), "restore", snapshot, "--data", data(), "--name", "r1", "--listen-client",
             client_, "--listen-peer", "127.0.0.1:" + std::to_string(client_port + 100)},
            {}, 60s)) {}
  ~Restored() {
    running_.reset();
    std::filesystem::remove_all(directory_);
  }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

  [[nodiscard]] const Finished& restored() const { return restored_; }
  [[nodiscard]] std::string data() const { return directory_ / "data"; }
  void start() {
    running_.emplace(std::vector<std::string>{built("kvd"), "run", "--data", data()},
                     directory_ / "log");
    EXPECT_TRUE(running_->wait_until_said("ready name=r1", 20s)) << running_->said();
  }
  [[nodiscard]] Finished kvctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {built("kvctl"), "--endpoints", client_});
    return run_program(arguments, {}, 30s);
  }

 private:
  const std::filesystem::path directory_ = fresh_directory();
  const std::string client_;
  Finished restored_;
  std::optional<Background> running_;
};

TEST(Snapshot, UnderWritesIsOneStateThatANewGroupBeginsWith) {
  const LocalGroup group(3, 28400);
  std::string before;
  for (int i = 0; i < 3000; ++i) before += line_of(i);
  group.must({"import", "-"}, before);
  const std::string revision = group.must({"get", "key100007", "-o", "json"});
  Background writer({built("kvctl"), "--dir", group.directory().string(), "import", "-"},
                    group.directory() / "writer", Background::Input::piped);
  std::string more;
  for (int i = 3000; i < 30'000; ++i) more += line_of(i);
  writer.write(more);
  const std::filesystem::path file = group.directory() / "snapshot";
  group.must({"snapshot", "save", file});
  writer.end_input();
  ASSERT_EQ(writer.wait(60s), 0) << writer.said();
  const json::value info = json::parse(group.must({"snapshot", "info", file, "-o", "json"}));
  const std::int64_t keys = info.at("keys").as_int64();
  EXPECT_GE(keys, 3000);
  EXPECT_GE(info.at("sessions").as_int64(), 1);

  Restored copy(file, 28460);
  ASSERT_EQ(copy.restored().exit_code, 0) << copy.restored().err;
  copy.start();
  // The writes of one session came in this order: a state has the first of them and no others.
  const std::size_t saved = static_cast<std::size_t>(keys) * line_of(0).size();
  EXPECT_EQ(copy.kvctl({"export"}).out, (before + more).substr(0, saved));
  EXPECT_EQ(copy.kvctl({"get", "key100007", "-o", "json"}).out, revision);
  const json::value status = json::parse(copy.kvctl({"status", "-o", "json"}).out);
  EXPECT_EQ(status.at("view").at("cause").as_string(), "bootstrap");
  EXPECT_EQ(status.at("view").at("voters"), json::array{"r1"});

  // A second member begins with the state of the first, and nothing of the old group's log.
  Background second({built("kvd"), "run", "--init", "--data", group.directory() / "second",
                     "--name", "r2", "--listen-client", "127.0.0.1:28461", "--listen-peer",
                     "127.0.0.1:28561", "--join", "127.0.0.1:28560"},
                    group.directory() / "second.log");
  ASSERT_TRUE(second.wait_until_said("ready name=r2", 30s)) << second.said();
  EXPECT_EQ(copy.kvctl({"put", "key", "of the new group"}).exit_code, 0);
  const Finished verified = copy.kvctl({"verify", "--deep"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.err, HasSubstr("all 2 replicas are equal"));
}

TEST(Snapshot, ADamagedFileIsRefusedAndMakesNoMember) {
  const LocalGroup group(1, 28600);
  group.must({"put", "key", "value"});
  const std::filesystem::path file = group.directory() / "snapshot";
  group.must({"snapshot", "save", file});
  std::string content = content_of(file);
  content[content.size() - 40] = static_cast<char>(content[content.size() - 40] ^ 1);
  std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
  const Finished looked_at = group.kvctl({"snapshot", "info", file});
  EXPECT_EQ(looked_at.exit_code, 9) << looked_at.err;
  const Restored copy(file, 28660);
  EXPECT_EQ(copy.restored().exit_code, 9);
  EXPECT_THAT(copy.restored().err, HasSubstr("not an intact snapshot"));
  const Finished refused = run_program({built("kvd"), "run", "--data", copy.data()}, {}, 10s);
  EXPECT_EQ(refused.exit_code, 3) << "it was made a member's";
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(copy.data()) / "state.1"));
}

}  // namespace
}  // namespace tests::cluster
