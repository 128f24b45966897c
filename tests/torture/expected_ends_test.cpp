#include "tests/torture/expected_ends.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace tests::torture {
namespace {

using Work = ExpectedEnds::Work;

TEST(ExpectedEnds, AMemberMayEndWhileSomebodyIsAtWorkOnIt) {
  ExpectedEnds ends;
  EXPECT_FALSE(ends.may_have_ended("n1"));
  std::optional<Work> replacing(std::in_place, ends, "n1");
  EXPECT_TRUE(ends.may_have_ended("n1"));
  EXPECT_FALSE(ends.may_have_ended("n2"));
  replacing.reset();
  EXPECT_FALSE(ends.may_have_ended("n1"));
  EXPECT_EQ(ends.begun("n1"), 1U);
}

TEST(ExpectedEnds, WhoIsKilledMayHaveEndedUntilItIsRevived) {
  ExpectedEnds ends;
  ends.expect("n1");
  {
    Work starting(ends, "n1");
    starting.revived();
  }
  EXPECT_FALSE(ends.may_have_ended("n1"));
  ends.expect("n1");
  ends.take_back("n1");
  EXPECT_FALSE(ends.may_have_ended("n1"));
}

TEST(ExpectedEnds, WhoIsKilledWhileAnotherReplacesItMayHaveEnded) {
  ExpectedEnds ends;
  std::optional<Work> replacing(std::in_place, ends, "n1");
  {
    const Work killing(ends, "n1");
    ends.expect("n1");
  }
  replacing->revived();
  replacing.reset();
  EXPECT_TRUE(ends.may_have_ended("n1"));
}

}  // namespace
}  // namespace tests::torture
