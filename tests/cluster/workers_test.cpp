#include <gmock/gmock.h>
#include <signal.h>

#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "tests/cluster/program.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr auto kLimit = 20s;

/// The example of gms as real processes.
class Workers : public ::testing::Test {
 protected:
  ~Workers() override {
    running_.clear();
    std::filesystem::remove_all(scratch_);
  }

  /// Starts a member; `place` names it and its output among all that ever ran.
  void start(const std::string& place, const std::string& name,
             const std::vector<std::string>& contacts) {
    std::vector<std::string> command{built("workers"), "--name", name, "--multicasts-per-second",
                                     "200"};
    std::string join;
    for (const std::string& contact : contacts) join += address_of(contact) + ',';
    if (!join.empty()) command.insert(command.end(), {"--join", join});
    running_[place] = std::make_unique<Background>(command, scratch_ / place);
    ASSERT_TRUE(running_[place]->wait_until_said("listening at ", kLimit));
  }

  [[nodiscard]] std::vector<std::string> lines_of(const std::string& place) const {
    std::istringstream in(content_of(scratch_ / place));
    std::vector<std::string> out;
    // What has no end yet is not a line.
    for (std::string line; std::getline(in, line) && !in.eof();) out.push_back(line);
    return out;
  }
  [[nodiscard]] std::string address_of(const std::string& place) const {
    return lines_of(place).at(0).substr(std::string("listening at ").size());
  }

  /// The marks of the view that it is in, such as `a+ b- `, sorted by name; empty without one.
  [[nodiscard]] std::string marks_at(const std::string& place) const {
    std::string members;
    for (const std::string& line : lines_of(place)) {
      const std::size_t at = line.find("members=");
      if (at != std::string::npos) members = line.substr(at + 8, line.find(' ', at) - at - 8);
    }
    std::map<std::string, char> marks;
    for (std::size_t i = 0; i + 1 < members.size(); i += 2)
      marks[members.substr(i, 1)] = members[i + 1];
    std::string out;
    for (const auto& [name, mark] : marks) out += name + mark;
    return out;
  }
  [[nodiscard]] std::size_t checkpoints_of(const std::string& place) const {
    const auto lines = lines_of(place);
    return static_cast<std::size_t>(
        std::ranges::count_if(lines, [](const auto& line) { return line.starts_with("at "); }));
  }

  template <class Done>
  static bool wait_until(Done done) {
    const auto until = std::chrono::steady_clock::now() + kLimit;
    while (!done()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }
  [[nodiscard]] bool wait_for_marks(const std::string& place, const std::string& marks) const {
    return wait_until([&] { return marks_at(place) == marks; });
  }
  [[nodiscard]] bool wait_for_checkpoints(const std::string& place, std::size_t more) const {
    const std::size_t wanted = checkpoints_of(place) + more;
    return wait_until([&] { return checkpoints_of(place) >= wanted; });
  }

  /// Signals a member and waits for its end; its exit code.
  [[nodiscard]] std::optional<int> end(const std::string& place, int signal) {
    ::kill(running_.at(place)->pid(), signal);
    return running_.at(place)->wait(kLimit);
  }

  /// What each said of a view or of a place in the stream is what all said of it who were there,
  /// checksum of the state included, and nobody missed a view.
  void expect_equal_histories() const {
    std::map<std::string, std::string> said_of;
    std::size_t compared = 0;
    for (const auto& [place, process] : running_) {
      std::uint64_t last_view = 0;
      for (const std::string& line : lines_of(place)) {
        const bool is_view = line.starts_with("view ");
        if (!is_view && !line.starts_with("at ")) continue;
        // `view 3` or `at 2:100`.
        const std::string subject = line.substr(0, line.find(' ', line.find(' ') + 1));
        const auto [first, is_first] = said_of.emplace(subject, line);
        EXPECT_EQ(line, first->second) << "at " << place;
        compared += is_first ? 0 : 1;
        if (!is_view) continue;
        const std::uint64_t seq = std::stoull(subject.substr(5));
        EXPECT_TRUE(last_view == 0 || seq == last_view + 1) << line << " at " << place;
        last_view = seq;
      }
    }
    EXPECT_GT(compared, 20U);
  }

  const std::filesystem::path scratch_ = fresh_directory();
  std::map<std::string, std::unique_ptr<Background>> running_;
};

TEST_F(Workers, SayWhyTheyCouldNotJoinAndEndWithThat) {
  start("a", "a", {});
  ASSERT_TRUE(wait_for_marks("a", "a+"));
  const auto try_it = [&](const std::vector<std::string>& options) {
    std::vector<std::string> command{built("workers"), "--name", "a"};
    command.insert(command.end(), options.begin(), options.end());
    return run_program(command, {}, kLimit);
  };
  const Finished taken = try_it({"--join", address_of("a"), "--seconds", "1"});
  EXPECT_EQ(taken.exit_code, 1) << taken.out;
  EXPECT_THAT(taken.err, HasSubstr("workers: did not join: not now: "));
  const Finished nowhere = try_it({"--join", "nonsense"});
  EXPECT_EQ(nowhere.exit_code, 2) << nowhere.out;
  EXPECT_THAT(nowhere.err, HasSubstr("'nonsense' is not host:port"));
  for (const char* wrong : {"x", "-1", "1x", ""})
    EXPECT_EQ(try_it({"--seconds", wrong}).exit_code, 2) << wrong;
}

TEST_F(Workers, HaveEqualTablesAndViewsWhileMembersJoinCrashLeaveAndComeBack) {
  start("a", "a", {});
  start("b", "b", {"a"});
  start("c", "c", {"a"});
  ASSERT_TRUE(wait_for_marks("a", "a+b+c+")) << marks_at("a");
  ASSERT_TRUE(wait_for_checkpoints("a", 5));

  start("d", "d", {"b", "c"});
  ASSERT_TRUE(wait_for_marks("d", "a+b+c+d+")) << marks_at("d");
  EXPECT_THAT(content_of(scratch_ / "d"), HasSubstr("restored in view "))
      << "it was to be given the table, not the history";

  EXPECT_EQ(end("c", SIGKILL), 128 + SIGKILL);
  ASSERT_TRUE(wait_until([&] { return marks_at("a").find("c+") == std::string::npos; }))
      << marks_at("a");
  EXPECT_EQ(end("d", SIGTERM), 0);
  EXPECT_EQ(lines_of("d").back(), "left");

  start("c again", "c", {"b", "a"});
  for (const char* place : {"a", "b", "c again"}) {
    ASSERT_TRUE(wait_for_marks(place, "a+b+c+")) << place << ": " << marks_at(place);
    ASSERT_TRUE(wait_for_checkpoints(place, 2)) << place;
  }
  expect_equal_histories();
}

}  // namespace
}  // namespace tests::cluster
