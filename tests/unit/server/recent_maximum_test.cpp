#include "kvstore/server/recent_maximum.hpp"

#include <gtest/gtest.h>

namespace kvstore::server {
namespace {

using namespace std::chrono_literals;
using gms::model::Instant;

TEST(RecentMaximum, IsZeroBeforeAnythingWasMeasured) {
  const RecentMaximum maximum;
  EXPECT_EQ(maximum.at(Instant(0s)), 0us);
  EXPECT_EQ(maximum.at(Instant(1h)), 0us);
}

TEST(RecentMaximum, HoldsTheLongestForAMinuteAndForgetsItWithinTwo) {
  for (const auto measured : {0s, 1s, 30s, 59s}) {
    RecentMaximum maximum;
    maximum.add(1us, Instant(1h));
    maximum.add(900us, Instant(1h + measured));
    EXPECT_EQ(maximum.at(Instant(1h + measured + 60s)), 900us) << measured.count();
    EXPECT_EQ(maximum.at(Instant(1h + measured + 120s)), 0us) << measured.count();
  }
}

TEST(RecentMaximum, TellsOfShorterTimesOnceALongOneIsOld) {
  RecentMaximum maximum;
  maximum.add(900us, Instant(1h));
  for (auto now = 1h + 1s; now < 1h + 61s; now += 1s) {
    maximum.add(5us, Instant(now));
    EXPECT_EQ(maximum.at(Instant(now)), 900us) << now.count();
  }
  for (auto now = 1h + 61s; now <= 1h + 120s; now += 1s) maximum.add(7us, Instant(now));
  EXPECT_EQ(maximum.at(Instant(1h + 120s)), 7us);
}

TEST(RecentMaximum, AsksForNoMeasurementToForget) {
  RecentMaximum maximum;
  maximum.add(900us, Instant(1h));
  maximum.add(5us, Instant(1h + 90s));
  EXPECT_EQ(maximum.at(Instant(1h + 90s)), 900us);
  EXPECT_EQ(maximum.at(Instant(1h + 130s)), 5us);
  EXPECT_EQ(maximum.at(Instant(1h + 240s)), 0us);
}

}  // namespace
}  // namespace kvstore::server
