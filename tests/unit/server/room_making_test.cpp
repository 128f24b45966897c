#include "kvstore/server/room_making.hpp"

#include <gtest/gtest.h>

namespace kvstore::server {
namespace {

using namespace std::chrono_literals;
using gms::model::Instant;

constexpr RoomMaking::Facts kLacksRoom{true, false};
constexpr RoomMaking::Facts kWorks{true, true};

TEST(RoomMaking, IsDueWhileRoomIsLackingAndNothingIsUnderWay) {
  RoomMaking making;
  EXPECT_FALSE(making.due(Instant(1s), {false, false}));
  EXPECT_TRUE(making.due(Instant(1s), kLacksRoom));
  EXPECT_FALSE(making.due(Instant(2s), kWorks));
}

TEST(RoomMaking, RestsForTenTimesAsLongAsItWorked) {
  RoomMaking making;
  EXPECT_TRUE(making.due(Instant(1s), kLacksRoom));
  EXPECT_FALSE(making.due(Instant(3s), kWorks));
  EXPECT_FALSE(making.due(Instant(4s), kLacksRoom));
  EXPECT_FALSE(making.due(Instant(33s), kLacksRoom));
  EXPECT_TRUE(making.due(Instant(34s), kLacksRoom));
}

TEST(RoomMaking, RestsALittleAfterShortWork) {
  RoomMaking making;
  EXPECT_TRUE(making.due(Instant(1s), kLacksRoom));
  EXPECT_FALSE(making.due(Instant(1s), kLacksRoom));
  EXPECT_TRUE(making.due(Instant(2s), kLacksRoom));
}

}  // namespace
}  // namespace kvstore::server
