#include "tests/mutants/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/mutants/command.hpp"
#include "tests/mutants/free_ports.hpp"
#include "tests/mutants/suite.hpp"

namespace tests::mutants {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
namespace fs = std::filesystem;

Mutant mutant_of(std::string id, MutantClass kind, std::string file) {
  Mutant mutant;
  mutant.id = std::move(id);
  mutant.kind = kind;
  mutant.edits.push_back({std::move(file), "  a();\n", "  b();\n"});
  return mutant;
}

std::vector<std::string> ids_of(const std::vector<Mutant>& mutants) {
  std::vector<std::string> ids;
  for (const Mutant& mutant : mutants) ids.push_back(mutant.id);
  return ids;
}

class InAFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "mutants-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Ending run_shell(const std::string& script, std::chrono::seconds budget) {
    return run({{"/bin/sh", "-c", script}, folder_, folder_ / "out", budget, 0});
  }

  fs::path folder_;
};

TEST(MutantEdit, FitsWholeLinesThatAreThereOnce) {
  const Edit edit{"f", "  a();\n", "  b();\n"};
  EXPECT_EQ(edited("{\n  a();\n}\n", edit), "{\n  b();\n}\n");
  EXPECT_EQ(edited("{\n  if (x) a();\n  a();\n}\n", edit), "{\n  if (x) a();\n  b();\n}\n");
  EXPECT_EQ(edited("{\n  a();\n  a();\n}\n", edit), std::nullopt);
  EXPECT_EQ(edited("{\n    a();\n}\n", edit), std::nullopt);
}

TEST(MutantBudget, IsStretchedOnAMachineThatOthersUse) {
  using std::chrono::seconds;
  EXPECT_EQ(stretched(seconds(120), 0.0, 2), seconds(120));
  EXPECT_EQ(stretched(seconds(120), 2.0, 2), seconds(120));
  EXPECT_EQ(stretched(seconds(120), 5.0, 2), seconds(360));
  EXPECT_EQ(stretched(seconds(120), 500.0, 2), seconds(1200));
  EXPECT_EQ(stretched(seconds(120), 1.0, 0), seconds(120));
}

TEST_F(InAFolder, AnAnchorThatIsNotThereIsAFault) {
  std::ofstream(folder_ / "f") << "  c();\n";
  EXPECT_EQ(anchor_fault(mutant_of("A", MutantClass::safety, "f"), folder_),
            "A: its text is 0 times in f");
  EXPECT_EQ(anchor_fault(mutant_of("A", MutantClass::safety, "g"), folder_),
            "A: there is no file g");
  std::ofstream(folder_ / "f") << "  a();\n";
  EXPECT_EQ(anchor_fault(mutant_of("A", MutantClass::safety, "f"), folder_), std::nullopt);
}

TEST(MutantOrder, HasSafetyFirstAndFilesTogether) {
  std::vector<Mutant> mutants{
      mutant_of("1", MutantClass::checker, "a"), mutant_of("2", MutantClass::safety, "b"),
      mutant_of("3", MutantClass::liveness, "a"), mutant_of("4", MutantClass::safety, "a"),
      mutant_of("5", MutantClass::safety, "b")};
  put_in_order(mutants);
  EXPECT_THAT(ids_of(mutants), ElementsAre("4", "2", "5", "3", "1"));
}

TEST(MutantSample, IsTheSameForASeed) {
  std::vector<Mutant> mutants;
  for (int i = 0; i < 40; ++i)
    mutants.push_back(mutant_of(std::to_string(i), MutantClass::safety, "f"));
  const auto sample = ids_of(sample_of(mutants, 5, 1));
  EXPECT_EQ(sample.size(), 5U);
  EXPECT_EQ(ids_of(sample_of(mutants, 5, 1)), sample);
  EXPECT_NE(ids_of(sample_of(mutants, 5, 2)), sample);
  EXPECT_EQ(sample_of(mutants, 100, 1).size(), 40U);
}

TEST(MutantSuite, IsAProgramAndWhatToBuild) {
  EXPECT_EQ(
      parse_suite("unit core Quorum*"),
      (Suite{"core_tests",
             {"core_tests", "--gtest_fail_fast", "--gtest_brief=0", "--gtest_filter=Quorum*"}}));
  EXPECT_EQ(parse_suite("golden transfer"),
            (Suite{"golden_tests", {"golden_tests", "tests/golden/scripts/transfer.txt"}}));
  EXPECT_EQ(parse_suite("seeds 1..9"),
            (Suite{"simulate", {"simulate", "--seeds", "1..9", "--jobs", "2"}}));
  for (const char* wrong : {"", "unit", "seeds", "units core", "cluster", "twice 1..2 3"})
    EXPECT_EQ(parse_suite(wrong), std::nullopt) << wrong;
}

TEST(MutantSuite, IsAScenarioThatIsToldWhereItsMembersAre) {
  const auto suite = parse_suite("torture lonely-leader 7 20 5");
  ASSERT_TRUE(suite);
  EXPECT_EQ(suite->target, "torture");
  EXPECT_EQ(suite->whereabouts, Whereabouts::told);
  EXPECT_THAT(suite->command, ElementsAre("torture", "--scenario", "lonely-leader", "--seed", "7",
                                          "--seconds", "20", "--replicas", "5"));
  EXPECT_EQ(parse_suite("torture pauses 1 9"), parse_suite("torture pauses 1 9 3"));
  EXPECT_EQ(parse_suite("cluster PowerLoss*")->whereabouts, Whereabouts::its_own);
  for (const char* wrong :
       {"torture", "torture pauses", "torture pauses 1", "torture pauses 1 9 3 x",
        "torture pauses one 9", "torture pauses 1 9s", "torture pauses 1 0", "torture pauses 1 -9",
        "torture pauses 1 9 10", "torture pauses 1..2 9"})
    EXPECT_EQ(parse_suite(wrong), std::nullopt) << wrong;
}

TEST(MutantSuite, FindsPortsWhereNobodyListens) {
  const int base_port = free_base_port();
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(base_port + 101));
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  EXPECT_NE(free_base_port(), base_port);
  ::close(listener);
}

TEST(MutantSuite, TellsWhatNoticed) {
  EXPECT_EQ(killer_in("[ RUN ] A.B\n[  FAILED  ] A.B (0 ms)\nmore\n"), "[  FAILED  ] A.B (0 ms)");
  EXPECT_EQ(killer_in("fatal: invariant broken: x [I1] at f:1\n"),
            "fatal: invariant broken: x [I1] at f:1");
  EXPECT_EQ(killer_in("pauses seed 1, 3 replicas: NOT OK, 9 operations\n  n1 has ended\n  more\n"),
            "  n1 has ended");
  EXPECT_EQ(killer_in("pauses seed 1, 3 replicas: NOT OK, 9 operations"), "it ended badly");
  EXPECT_EQ(killer_in(""), "it ended badly");
  EXPECT_TRUE(ran_nothing("[==========] Running 0 tests from 0 test suites.\n"));
  EXPECT_FALSE(ran_nothing("[==========] Running 10 tests from 2 test suites.\n"));
}

TEST_F(InAFolder, ACommandEndsWellBadlyOrTooLate) {
  EXPECT_EQ(run_shell("echo hello", std::chrono::seconds(20)), Ending::good);
  EXPECT_EQ(content_of(folder_ / "out"), "hello\n");
  EXPECT_EQ(run_shell("exit 3", std::chrono::seconds(20)), Ending::bad);
  EXPECT_EQ(run_shell("kill -SEGV $$", std::chrono::seconds(20)), Ending::bad);
  EXPECT_EQ(run_shell("while true; do :; done", std::chrono::seconds(1)), Ending::timed_out);
}

TEST_F(InAFolder, NobodyIsLeftOfACommandThoughInASessionOfItsOwn) {
  const std::string leaves_one =
      "setsid sh -c 'echo $$ >new; mv new one; exec sleep 1000' &"
      " while [ ! -e one ]; do sleep 0.01; done; ";
  using std::chrono::seconds;
  const std::vector<std::pair<std::string, seconds>> ends{
      {"true", seconds(20)}, {"kill -SEGV $$", seconds(20)}, {"sleep 1000", seconds(4)}};
  for (const auto& [end, budget] : ends) {
    fs::remove(folder_ / "one");
    static_cast<void>(run_shell(leaves_one + end, budget));
    const std::string one = content_of(folder_ / "one");
    ASSERT_FALSE(one.empty()) << end;
    EXPECT_NE(::kill(std::stoi(one), 0), 0) << end;
  }
}

TEST_F(InAFolder, ResultsAreReadAsTheyWereWritten) {
  const fs::path file = folder_ / "results";
  Verdict verdict{
      "A",      MutantClass::liveness, Outcome::survived, std::chrono::milliseconds(12), "p", "r",
      "golden", "line\twith\ttabs"};
  append_result(file, verdict);
  append_result(file, {"B", MutantClass::safety, Outcome::killed, {}, "p", "r", "golden", ""});
  verdict.outcome = Outcome::killed;
  append_result(file, verdict);
  const std::vector<Verdict> read = read_results(file);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].id, "B");
  EXPECT_EQ(read[1].outcome, Outcome::killed);
  EXPECT_EQ(read[1].kind, MutantClass::liveness);
  EXPECT_EQ(read[1].killer, "line with tabs");
  EXPECT_THAT(read_results(folder_ / "none"), IsEmpty());
}

TEST(MutantScore, OneSurvivorOfSafetyOrTooManyOthersAreNotEnough) {
  std::vector<Mutant> mutants;
  std::vector<Verdict> verdicts;
  for (int i = 0; i < 40; ++i) {
    const auto kind = i < 20 ? MutantClass::safety : MutantClass::liveness;
    mutants.push_back(mutant_of(std::to_string(i), kind, "f"));
    verdicts.push_back({std::to_string(i), kind, Outcome::killed, {}, {}, {}, {}, {}});
  }
  EXPECT_TRUE(is_enough(mutants, verdicts));
  verdicts[30].outcome = verdicts[31].outcome = Outcome::survived;
  EXPECT_TRUE(is_enough(mutants, verdicts));
  verdicts[32].outcome = Outcome::timed_out;
  EXPECT_FALSE(is_enough(mutants, verdicts));
  verdicts[31].outcome = Outcome::killed;
  mutants[32].equivalent = "for a reason";
  EXPECT_TRUE(is_enough(mutants, verdicts));
  EXPECT_EQ(score_of(mutants, verdicts, MutantClass::liveness).equivalent, 1U);
  verdicts[3].outcome = Outcome::survived;
  EXPECT_FALSE(is_enough(mutants, verdicts));
  verdicts[3].outcome = Outcome::unbuildable;
  EXPECT_FALSE(is_enough(mutants, verdicts));
}

}  // namespace
}  // namespace tests::mutants
