#include "gms/core/follower_reads.hpp"

#include <gtest/gtest.h>

namespace gms::core {
namespace {

using namespace model;
using namespace std::chrono_literals;

std::vector<std::uint64_t> tickets_of(const std::vector<ReadBarrier::Ready>& reads) {
  std::vector<std::uint64_t> tickets;
  for (const ReadBarrier::Ready& read : reads) tickets.push_back(read.ticket.value());
  return tickets;
}

TEST(FollowerReads, ShareOneRequestAndWaitForWhatIsAppliedHere) {
  FollowerReads reads;
  reads.add(Ticket(1));
  reads.add(Ticket(2));
  EXPECT_TRUE(reads.wants_request());
  reads.asked(Ticket(100), Instant(1s));
  reads.answered(Ticket(100), Index(5));
  EXPECT_TRUE(reads.take_ready(Index(4)).empty());
  EXPECT_EQ(tickets_of(reads.take_ready(Index(5))), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(reads.size(), 0U);
}

TEST(FollowerReads, OnesThatComeWhileARequestIsUnderWayWaitForTheNext) {
  FollowerReads reads;
  reads.add(Ticket(1));
  reads.asked(Ticket(100), Instant(1s));
  reads.add(Ticket(2));
  EXPECT_FALSE(reads.wants_request());
  reads.answered(Ticket(100), Index(5));
  EXPECT_EQ(tickets_of(reads.take_ready(Index(9))), (std::vector<std::uint64_t>{1}));
  EXPECT_TRUE(reads.wants_request());
}

TEST(FollowerReads, AnAnswerToARequestThatWasGivenUpCoversNothing) {
  FollowerReads reads;
  reads.add(Ticket(1));
  reads.asked(Ticket(100), Instant(1s));
  EXPECT_EQ(reads.expires(), Instant(1s));
  reads.give_up();
  EXPECT_EQ(reads.expires(), std::nullopt);
  reads.add(Ticket(2));
  reads.asked(Ticket(101), Instant(2s));
  reads.answered(Ticket(100), Index(5));
  EXPECT_TRUE(reads.take_ready(Index(9)).empty());
  reads.answered(Ticket(101), Index(7));
  EXPECT_EQ(tickets_of(reads.take_ready(Index(9))), (std::vector<std::uint64_t>{1, 2}));
}

TEST(FollowerReads, AllAreLostWithTheLeader) {
  FollowerReads reads;
  reads.add(Ticket(1));
  reads.asked(Ticket(100), Instant(1s));
  reads.answered(Ticket(100), Index(5));
  reads.add(Ticket(2));
  reads.asked(Ticket(101), Instant(1s));
  reads.add(Ticket(3));
  EXPECT_EQ(reads.take_all(), (std::vector<Ticket>{Ticket(2), Ticket(3), Ticket(1)}));
  EXPECT_TRUE(reads.take_ready(Index(5)).empty());
  EXPECT_EQ(reads.size(), 0U);
}

}  // namespace
}  // namespace gms::core
