#include "gms/core/quorum.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gms::core {
namespace {

std::uint64_t largest(std::vector<std::uint64_t> values, std::size_t n) {
  return nth_largest(values, n);
}

TEST(Quorum, IsMoreThanHalf) {
  EXPECT_EQ(quorum(1), 1U);
  EXPECT_EQ(quorum(2), 2U);
  EXPECT_EQ(quorum(3), 2U);
  EXPECT_EQ(quorum(4), 3U);
  EXPECT_EQ(quorum(5), 3U);
}

TEST(Quorum, TwoQuorumsOfViewsThatDifferByOneVoterMeet) {
  for (std::size_t voters = 1; voters < 20; ++voters)
    EXPECT_GT(quorum(voters) + quorum(voters + 1), voters + 1) << voters;
}

TEST(Quorum, TheNthLargestCountsEqualValuesEachForItself) {
  EXPECT_EQ(largest({7, 3, 7}, 2), 7U);
  EXPECT_EQ(largest({7, 3, 5}, 2), 5U);
  EXPECT_EQ(largest({1, 9, 2, 8}, 3), 2U);
  EXPECT_EQ(largest({4}, 1), 4U);
}

TEST(Quorum, TheNthLargestOfFewerIsZero) {
  EXPECT_EQ(largest({}, 1), 0U);
  EXPECT_EQ(largest({5, 6}, 3), 0U);
  EXPECT_EQ(largest({5, 6}, 0), 0U);
}

}  // namespace
}  // namespace gms::core
