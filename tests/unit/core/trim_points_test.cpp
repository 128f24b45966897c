#include "gms/core/trim_points.hpp"

#include <gtest/gtest.h>

namespace gms::core {
namespace {

using namespace model;

ChainHead head_at(std::uint64_t index) {
  return {{Epoch(1), Index(index)}, EntryHash(index), GroupClock(index)};
}

/// Places at 10, 20 and 30, with 1,000 bytes from each to the next.
TrimPoints three_places() {
  TrimPoints points(1000);
  points.add(head_at(10), 0);
  points.add(head_at(20), 1000);
  points.add(head_at(30), 2000);
  return points;
}

TEST(TrimPoints, LieAtLeastAStepApart) {
  TrimPoints points(1000);
  EXPECT_TRUE(points.wants(0));
  points.add(head_at(10), 500);
  EXPECT_FALSE(points.wants(1499));
  EXPECT_TRUE(points.wants(1500));
}

TEST(TrimPoints, TheLastOneWithinTheBoundIsFound) {
  const TrimPoints points = three_places();
  EXPECT_EQ(points.last(Index(9), 0, 2500), std::nullopt);
  EXPECT_EQ(points.last(Index(10), 0, 2500), head_at(10));
  EXPECT_EQ(points.last(Index(29), 0, 2500), head_at(20));
  EXPECT_EQ(points.last(Index(99), 0, 2500), head_at(30));
}

TEST(TrimPoints, SoManyBytesStayBehindTheOneThatIsFound) {
  const TrimPoints points = three_places();
  EXPECT_EQ(points.last(Index(99), 500, 2500), head_at(30));
  EXPECT_EQ(points.last(Index(99), 501, 2500), head_at(20));
  EXPECT_EQ(points.last(Index(99), 2501, 2500), std::nullopt);
}

TEST(TrimPoints, BytesAfterAnIndexAreNeverTooFew) {
  const TrimPoints points = three_places();
  EXPECT_EQ(points.bytes_after(Index(25), 2500), 1500U);
  EXPECT_EQ(points.bytes_after(Index(30), 2500), 500U);
  EXPECT_EQ(points.bytes_after(Index(5), 2500), 2500U);
  EXPECT_EQ(TrimPoints(1).bytes_after(Index(5), 2500), 0U);
}

TEST(TrimPoints, WhatWasTrimmedIsForgotten) {
  TrimPoints points = three_places();
  points.forget_up_to(Index(20));
  EXPECT_EQ(points.last(Index(29), 0, 2500), std::nullopt);
  EXPECT_EQ(points.last(Index(30), 0, 2500), head_at(30));
}

}  // namespace
}  // namespace gms::core
