#include "kvstore/server/step_aside.hpp"

#include <gtest/gtest.h>

namespace kvstore::server {
namespace {

using namespace std::chrono_literals;
using gms::model::Instant;

constexpr StepAside::Facts kInTrouble{true, true};
constexpr StepAside::Facts kLeads{true, false};
constexpr StepAside::Facts kFollows{false, true};

TEST(StepAside, IsDueWhenTheTroubleOfALeaderLastsAndThenAgain) {
  StepAside aside;
  EXPECT_FALSE(aside.due(Instant(1s), kInTrouble));
  EXPECT_FALSE(aside.due(Instant(3s), kInTrouble));
  EXPECT_TRUE(aside.due(Instant(4s), kInTrouble));
  EXPECT_FALSE(aside.due(Instant(5s), kInTrouble));
  EXPECT_TRUE(aside.due(Instant(7s), kInTrouble));
}

TEST(StepAside, CountsTheTroubleOfALeaderAloneAndAnew) {
  for (const StepAside::Facts& between : {kLeads, kFollows}) {
    StepAside aside;
    EXPECT_FALSE(aside.due(Instant(1s), kInTrouble));
    EXPECT_FALSE(aside.due(Instant(3s), between));
    EXPECT_FALSE(aside.due(Instant(5s), kInTrouble));
    EXPECT_TRUE(aside.due(Instant(8s), kInTrouble));
  }
}

}  // namespace
}  // namespace kvstore::server
