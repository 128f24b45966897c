#include "tests/torture/results.hpp"

#include <gmock/gmock.h>

#include "tests/cluster/program.hpp"
#include "tests/torture/campaign.hpp"

namespace tests::torture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Row row_of(const std::string& scenario, std::uint64_t seed) {
  Row row;
  row.run = {scenario, seed, 10, 3, 31000};
  row.operations = 1234;
  row.unknown = 5;
  row.failed = 6;
  row.faults = {{"kill", 7}, {"start", 8}};
  row.elections = 9;
  row.view_changes = 10;
  row.longest_pause_ms = 11;
  row.replayed = 12;
  row.took_ms = 13;
  return row;
}

TEST(Results, AreReadAsTheyWereWritten) {
  const std::filesystem::path folder = cluster::fresh_directory();
  Row bad = row_of("pauses", 2);
  bad.findings = {"n1 has ended by itself"};
  bad.judgement.lists = "violated";
  bad.judgement.detail = "lists, key 4: \"violated\"\n";
  append(row_of("pauses", 1), folder / "results");
  append(bad, folder / "results");
  const auto rows = load_rows(folder / "results");
  std::filesystem::remove_all(folder);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(summary(rows[0]), summary(row_of("pauses", 1)));
  EXPECT_TRUE(rows[0].is_clean());
  EXPECT_FALSE(rows[1].is_clean());
  EXPECT_THAT(rows[1].findings, ElementsAre("n1 has ended by itself"));
  EXPECT_EQ(rows[1].judgement.detail, bad.judgement.detail);
  EXPECT_EQ(rows[1].faults, bad.faults);
}

TEST(Results, AreNotCleanWithFindingsAlone) {
  Row row = row_of("pauses", 1);
  EXPECT_TRUE(row.is_clean());
  row.findings = {"n1 has ended by itself"};
  EXPECT_FALSE(row.is_clean());
}

TEST(Results, OfAnEarlierBuildAreNotDone) {
  Row row = row_of("pauses", 1);
  row.build = "0a";
  const std::filesystem::path folder = cluster::fresh_directory();
  append(row, folder / "results");
  const auto rows = load_rows(folder / "results");
  std::filesystem::remove_all(folder);
  auto run = row.run;
  run.base_port = 26000;
  EXPECT_TRUE(is_done(rows, run, "0a"));
  EXPECT_FALSE(is_done(rows, run, "0b"));
  EXPECT_FALSE(is_done(rows, row_of("pauses", 2).run, "0a"));
}

TEST(Results, ThatAreNotCleanAreNotDone) {
  Row row = row_of("pauses", 1);
  row.findings = {"n1 has ended by itself"};
  EXPECT_FALSE(is_done({row}, row.run, row.build));
}

TEST(Results, TellWhetherAnythingBefellTheGroup) {
  Row row = row_of("pauses", 1);
  EXPECT_TRUE(has_fault(row));
  row.faults = {{"start", 8}, {"order", 1}, {"pause refused", 2}, {"kill missed", 3}};
  EXPECT_FALSE(has_fault(row));
}

TEST(Results, AreNoneWithoutAFile) {
  EXPECT_TRUE(load_rows("/nowhere/at/all").empty());
}

TEST(Results, AddUpByScenarioInATable) {
  Row bad = row_of("pauses", 3);
  bad.judgement.search = "inconclusive";
  const std::string table = table_of({row_of("pauses", 1), row_of("calm", 1), bad});
  EXPECT_THAT(table, HasSubstr("| `calm` | 3 | 1 × 10 s | 1,234 | 5 | kill 7 | 9 | 10 | "
                               "12 | ok | ok | ok |\n"));
  EXPECT_THAT(table, HasSubstr("| `pauses` | 3 | 2 × 10 s, 1 not clean | 2,468 | 10 | kill 14 "
                               "| 18 | 20 | 24 | ok | inconclusive 1, ok 1 | ok |\n"));
}

TEST(Results, NameTheCommandThatRepeatsARun) {
  EXPECT_EQ(command_for(row_of("pauses", 7).run),
            "build/bin/torture --scenario pauses --seed 7 --seconds 10 --replicas 3");
}

}  // namespace
}  // namespace tests::torture
