#include "kvstore/server/write_table.hpp"

#include <gtest/gtest.h>

namespace kvstore::server {
namespace {

using gms::model::Ticket;

Origin origin(std::uint64_t request) {
  return {{1, 1}, 10, api::RequestId(request)};
}

TEST(WriteTable, GivesBackWhoWaitsForATicketOnce) {
  WriteTable table;
  table.add(Ticket(7), origin(70));
  table.add(Ticket(8), origin(80));
  EXPECT_EQ(table.take(Ticket(8)), origin(80));
  EXPECT_EQ(table.take(Ticket(8)), std::nullopt);
  EXPECT_EQ(table.take(Ticket(7)), origin(70));
  EXPECT_EQ(table.size(), 0u);
}

TEST(WriteTable, KnowsNobodyForTicketsOfOtherRequests) {
  WriteTable table;
  table.add(Ticket(5), origin(1));
  table.add(Ticket(9), origin(2));
  EXPECT_EQ(table.take(Ticket(4)), std::nullopt);
  EXPECT_EQ(table.take(Ticket(7)), std::nullopt);
  EXPECT_EQ(table.take(Ticket(10)), std::nullopt);
  EXPECT_EQ(table.size(), 2u);
}

TEST(WriteTable, KeepsAnOldTicketWhileOthersEnd) {
  WriteTable table;
  table.add(Ticket(1), origin(1));
  for (std::uint64_t i = 2; i <= 5000; ++i) table.add(Ticket(i), origin(i));
  for (std::uint64_t i = 5000; i >= 1; --i) ASSERT_EQ(table.take(Ticket(i)), origin(i)) << i;
  EXPECT_EQ(table.size(), 0u);
}

TEST(WriteTable, EndsBatchesInAnyOrder) {
  WriteTable table;
  for (std::uint64_t batch = 0; batch < 20; ++batch)
    for (std::uint64_t i = 0; i < 3; ++i)
      table.add(Ticket(1 + batch * 65536 + i), origin(batch * 10 + i));
  for (std::uint64_t batch = 20; batch-- > 0;)
    for (std::uint64_t i = 0; i < 3; ++i)
      ASSERT_EQ(table.take(Ticket(1 + batch * 65536 + i)), origin(batch * 10 + i));
  EXPECT_EQ(table.size(), 0u);
  table.add(Ticket(99 * 65536), origin(1));
  EXPECT_EQ(table.take(Ticket(99 * 65536)), origin(1));
}

TEST(WriteTable, UsesPlacesAgainAfterALongGap) {
  WriteTable table;
  for (std::uint64_t round = 0; round < 10; ++round) {
    const Ticket ticket(1 + round * 1'000'000);
    table.add(ticket, origin(round));
    EXPECT_EQ(table.take(ticket), origin(round));
  }
}

}  // namespace
}  // namespace kvstore::server
