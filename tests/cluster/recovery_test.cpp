#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::filesystem::path data_of(const LocalGroup& group, const std::string& name) {
  return group.directory() / name / "data";
}

/// Runs `kvd recover` on the directories of these members.
Finished recover(const LocalGroup& group, const std::vector<std::string>& names,
                 const std::vector<std::string>& flags) {
  std::vector<std::string> command{built("kvd"), "recover"};
  for (const std::string& name : names)
    command.insert(command.end(), {"--data", data_of(group, name).string()});
  command.insert(command.end(), flags.begin(), flags.end());
  return run_program(command, {}, 20s);
}

std::string some_keys() {
  std::string lines;
  for (int i = 0; i < 500; ++i)
    lines += R"({"key":"key)" + std::to_string(i) + R"(","value":"of the old group"})" + "\n";
  return lines;
}

/// Whoever is not among `left` is gone, with its directory, and nobody runs.
void lose_all_but(const LocalGroup& group, const std::vector<std::string>& left) {
  for (int number = 1; number <= group.size(); ++number) {
    const std::string name = "n" + std::to_string(number);
    // One that does not run any more is refused.
    static_cast<void>(group.kvctl({"local", "kill", name}));
    if (!std::ranges::count(left, name)) std::filesystem::remove_all(data_of(group, name));
  }
}

/// Starts everybody, the founder first, and looks for what the founder's log had.
void go_on(const LocalGroup& group, const std::string& founder) {
  group.must({"local", "restart", founder});
  group.wait_for_view(1, 1);
  for (int number = 1; number <= group.size(); ++number)
    if (const std::string name = "n" + std::to_string(number); name != founder)
      group.must({"local", "restart", name});
  group.wait_all_up();
  EXPECT_EQ(group.must({"range", "--prefix", "key", "--count"}), "500\n");
  group.must({"put", "key0", "of the new group"});
  const Finished verified = group.kvctl({"verify", "--deep"});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  group.must({"local", "kill", "leader"});
  EXPECT_EQ(group.must({"get", "key0"}), "of the new group\n");
}

TEST(Recovery, OneOfThreeGoesOnAndTheOthersJoinItAnew) {
  const LocalGroup group(3, 28000);
  group.must({"import", "-"}, some_keys());
  const std::string left = group.followers().front();
  const std::string old = group.followers().back();
  group.must({"verify"});
  EXPECT_THAT(recover(group, {left}, {"--yes"}).err, HasSubstr("in use by another process"));
  group.must({"local", "kill", old});
  std::filesystem::copy(data_of(group, old), group.directory() / "old",
                        std::filesystem::copy_options::recursive);
  lose_all_but(group, {left});

  const Finished asked = recover(group, {left}, {});
  EXPECT_EQ(asked.exit_code, 2) << "there is nobody to ask";
  EXPECT_THAT(asked.err, HasSubstr("nothing was changed. Try: --yes, to agree"));
  const Finished done = recover(group, {left}, {"--yes"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("The log of " + left + " reaches furthest"),
                              HasSubstr("kvd run --init --data NEW_DIRECTORY --name " + old)));
  EXPECT_EQ(recover(group, {left}, {"--yes"}).exit_code, 3) << "it was done already";
  go_on(group, left);

  const Background stale({built("kvd"), "run", "--data", group.directory() / "old",
                          "--listen-client", "127.0.0.1:28080", "--listen-peer", "127.0.0.1:28180"},
                         group.directory() / "old.log");
  EXPECT_TRUE(stale.wait_until_said("join it with a new data directory", 20s)) << stale.said();
}

TEST(Recovery, OfTwoOfFiveTheOneWithTheLongerLogGoesOn) {
  const LocalGroup group(5, 28200);
  const std::vector<std::string> followers = group.followers();
  // One of the two sees only the beginning.
  group.must({"local", "pause", followers[0]});
  group.must({"import", "-"}, some_keys());
  group.must({"local", "kill", followers[0]});
  const std::vector<std::string> left{followers[0], followers[1]};
  lose_all_but(group, left);
  const Finished done = recover(group, left, {"--yes"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("The log of " + followers[1] + " reaches furthest"),
                              HasSubstr("Keep " + data_of(group, followers[0]).string())));
  std::filesystem::remove_all(data_of(group, followers[0]));
  go_on(group, followers[1]);
}

}  // namespace
}  // namespace tests::cluster
