#include "tests/torture/stopping/stop_order.hpp"

#include <gtest/gtest.h>

namespace tests::torture {
namespace {

TEST(StopOrder, NamesAPointAndHowOftenItIsPassed) {
  const auto order = parse_stop_order("commit_advanced:7:kill");
  ASSERT_TRUE(order);
  ASSERT_EQ(order->steps.size(), 1U);
  EXPECT_EQ(order->steps[0].point, "commit_advanced");
  EXPECT_EQ(order->steps[0].count, 7U);
  EXPECT_EQ(order->kind, StopKind::kill);
}

TEST(StopOrder, KillsAtTheFirstPassingIfNothingElseIsSaid) {
  const auto order = parse_stop_order("view_proposed/evict");
  ASSERT_TRUE(order);
  EXPECT_EQ(order->steps[0].count, 1U);
  EXPECT_EQ(order->kind, StopKind::kill);
}

TEST(StopOrder, LeadsOverSeveralPoints) {
  const auto order = parse_stop_order("entries_appended:3>peer_send:2>log_synced:stop");
  ASSERT_TRUE(order);
  ASSERT_EQ(order->steps.size(), 3U);
  EXPECT_EQ(order->steps[0].count, 3U);
  EXPECT_EQ(order->steps[1].point, "peer_send");
  EXPECT_EQ(order->steps[2].count, 1U);
  EXPECT_EQ(order->kind, StopKind::stop);
}

TEST(StopOrder, DelaysForSoManyMilliseconds) {
  const auto order = parse_stop_order("log_sync:2:250");
  ASSERT_TRUE(order);
  EXPECT_EQ(order->kind, StopKind::delay);
  EXPECT_EQ(order->delay, std::chrono::milliseconds(250));
}

TEST(StopOrder, IsNothingElse) {
  for (const char* const text :
       {"", ":1", "a:1:never", "a:1:kill:kill", "a:1:kill>b:1", ">a", "a:0:kill:1"})
    EXPECT_FALSE(parse_stop_order(text)) << text;
}

}  // namespace
}  // namespace tests::torture
