#include "kvstore/server/session_expiry.hpp"

#include <gtest/gtest.h>

#include "kvstore/api/command.hpp"

namespace kvstore::server {
namespace {

using namespace std::chrono_literals;
using gms::model::GroupClock;
using gms::model::Instant;

TEST(SessionExpiry, IsDueWhenTheOldestSessionIsOlderThanItsTime) {
  SessionExpiry expiry(10s);
  EXPECT_EQ(expiry.due(Instant(1s), GroupClock(20'000), std::nullopt), std::nullopt);
  EXPECT_EQ(expiry.due(Instant(1s), GroupClock(20'000), GroupClock(10'000)), std::nullopt);
  EXPECT_EQ(expiry.due(Instant(1s), GroupClock(5'000), GroupClock(0)), std::nullopt);
  const auto proposal = expiry.due(Instant(1s), GroupClock(20'000), GroupClock(9'999));
  ASSERT_TRUE(proposal.has_value());
  const auto command = api::decode_command(*proposal);
  ASSERT_TRUE(command.has_value());
  EXPECT_EQ(std::get<api::ExpireSessions>(*command).cutoff, GroupClock(10'000));
}

TEST(SessionExpiry, GivesAProposalTimeToBeApplied) {
  SessionExpiry expiry(10s);
  EXPECT_TRUE(expiry.due(Instant(1s), GroupClock(20'000), GroupClock(1)).has_value());
  EXPECT_FALSE(expiry.due(Instant(2s), GroupClock(21'000), GroupClock(1)).has_value());
  EXPECT_TRUE(expiry.due(Instant(7s), GroupClock(26'000), GroupClock(1)).has_value());
}

}  // namespace
}  // namespace kvstore::server
