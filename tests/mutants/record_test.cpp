#include "tests/mutants/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tests::mutants {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kWhole =
    "# A list.\n"
    "\n"
    "id: T01\n"
    "class: S\n"
    "breaks: Nothing is checked any more.\n"
    "suite: unit core Quorum*\n"
    "suite: golden\n"
    "budget: 30\n"
    "timeout: kills\n"
    "---- was gms/a.cpp\n"
    "  if (wrong) return;\n"
    "\n"
    "  go_on();\n"
    "---- becomes\n"
    "  go_on();\n"
    "---- was gms/b.cpp\n"
    "  last();\n"
    "---- becomes\n"
    "====\n";

TEST(MutantRecord, HasItsFieldsAndItsTextsLineByLine) {
  const Parsed parsed = parse_list("list", kWhole);
  ASSERT_THAT(parsed.errors, IsEmpty());
  ASSERT_EQ(parsed.mutants.size(), 1U);
  const Mutant& mutant = parsed.mutants[0];
  EXPECT_EQ(mutant.id, "T01");
  EXPECT_EQ(mutant.kind, MutantClass::safety);
  EXPECT_EQ(mutant.breaks, "Nothing is checked any more.");
  EXPECT_THAT(mutant.suites, ElementsAre("unit core Quorum*", "golden"));
  EXPECT_EQ(mutant.budget, std::chrono::seconds(30));
  EXPECT_TRUE(mutant.timeout_kills);
  EXPECT_FALSE(mutant.equivalent.has_value());
  ASSERT_EQ(mutant.edits.size(), 2U);
  EXPECT_EQ(mutant.edits[0].file, "gms/a.cpp");
  EXPECT_EQ(mutant.edits[0].was, "  if (wrong) return;\n\n  go_on();\n");
  EXPECT_EQ(mutant.edits[0].becomes, "  go_on();\n");
  EXPECT_EQ(mutant.edits[1].becomes, "");
}

TEST(MutantRecord, SaysOnWhichLineAListIsWrong) {
  EXPECT_THAT(parse_list("list", "id: A\nkind: S\n====\n").errors,
              testing::Contains("list:2: there is no field 'kind'"));
  EXPECT_THAT(parse_list("list", "class: Y\n").errors,
              testing::Contains("list:1: a class is S, L or X, not 'Y'"));
  EXPECT_THAT(parse_list("list", "budget: soon\n").errors,
              testing::Contains(HasSubstr("not 'soon'")));
  EXPECT_THAT(parse_list("list", "---- becomes\n").errors,
              testing::Contains(HasSubstr("without a 'was'")));
}

TEST(MutantRecord, IsRefusedWithoutWhatItNeeds) {
  EXPECT_THAT(parse_list("list", "id: A\n====\n").errors,
              ElementsAre("list:2: A has no class", "list:2: A does not say what it breaks",
                          "list:2: A names no suite", "list:2: A changes nothing"));
  EXPECT_THAT(parse_list("list", std::string(kWhole) + kWhole).errors,
              ElementsAre("list:38: T01 stands here twice"));
  EXPECT_THAT(parse_list("list", "id: A\n").errors,
              ElementsAre(HasSubstr("the last record is not ended")));
}

TEST(MutantRecord, AnEditThatChangesNothingIsAnError) {
  const Parsed parsed = parse_list("list",
                                   "id: A\nclass: X\nbreaks: B.\nsuite: golden\n"
                                   "---- was f\n  a\n---- becomes\n  a\n====\n");
  EXPECT_THAT(parsed.errors, ElementsAre("list:9: A has an edit that changes nothing"));
}

TEST(MutantRecord, HasAnotherFingerprintWhenAnythingOfItChanges) {
  Mutant mutant = parse_list("list", kWhole).mutants[0];
  const std::string before = fingerprint_of(mutant);
  EXPECT_EQ(fingerprint_of(mutant), before);
  mutant.edits[1].becomes = "  first();\n";
  EXPECT_NE(fingerprint_of(mutant), before);
}

}  // namespace
}  // namespace tests::mutants
