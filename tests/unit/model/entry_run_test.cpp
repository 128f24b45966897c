#include "gms/model/entry_run.hpp"

#include <gtest/gtest.h>

namespace gms::model {
namespace {

EntryRun three_entries() {
  EntryRunBuilder builder;
  builder.append(EntryKind::command, {as_bytes("one")});
  builder.append(EntryKind::command, {as_bytes("tw"), as_bytes("o")});
  builder.append(EntryKind::noop, {});
  return builder.seal({{Epoch(2), Index(6)}, EntryHash(77), GroupClock(5)}, Epoch(3),
                      GroupClock(9));
}

TEST(EntryRun, SealGivesPositionsClockAndAnIntactChain) {
  const EntryRun run = three_entries();
  EXPECT_EQ(run.first_index(), Index(7));
  EXPECT_EQ(run.last_index(), Index(9));
  EXPECT_EQ(run.at(Index(8)).position(), (Position{Epoch(3), Index(8)}));
  EXPECT_EQ(as_text(run.at(Index(8)).payload()), "two");
  EXPECT_EQ(run.back().clock(), GroupClock(9));
  EXPECT_TRUE(run.chain_is_intact(EntryHash(77)));
  EXPECT_FALSE(run.chain_is_intact(EntryHash(78)));
}

TEST(EntryRun, ParseTakesWhatSealMade) {
  const EntryRun run = three_entries();
  const auto parsed = EntryRun::parse(Payload::copy_of(run.encoded().bytes()));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->count(), 3U);
  EXPECT_EQ(parsed->head(), run.head());
}

TEST(EntryRun, ParseRefusesEveryTruncation) {
  const Payload bytes = three_entries().encoded();
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto parsed = EntryRun::parse(bytes.slice(0, size));
    // A cut between two entries leaves a whole run; every other cut is noticed.
    EXPECT_EQ(parsed.has_value(), size == 43 || size == 86) << size;
  }
}

TEST(EntryRun, AFlippedBitAnywhereBreaksParsingOrTheChain) {
  const Payload bytes = three_entries().encoded();
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Bytes copy(bytes.bytes().begin(), bytes.bytes().end());
    copy[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto parsed = EntryRun::parse(Payload::copy_of(copy));
    EXPECT_FALSE(parsed.has_value() && parsed->chain_is_intact(EntryHash(77))) << "bit " << bit;
  }
}

TEST(EntryRun, SlicesShareTheBufferAndKeepTheirIndexes) {
  const EntryRun run = three_entries();
  EXPECT_EQ(run.from(Index(8)).first_index(), Index(8));
  EXPECT_EQ(run.from(Index(8)).count(), 2U);
  EXPECT_EQ(run.until(Index(9)).last_index(), Index(8));
  EXPECT_TRUE(run.from(Index(10)).empty());
  EXPECT_TRUE(run.until(Index(7)).empty());
  EXPECT_EQ(run.prefix(1).count(), 1U);
  EXPECT_EQ(run.prefix(90).count(), 2U);
  EXPECT_EQ(run.prefix(1000).count(), 3U);
  EXPECT_EQ(run.from(Index(8)).until(Index(9)).head().position.index, Index(8));
}

TEST(EntryRunBuilder, NumbersMulticastsWhereTheyStand) {
  EntryRunBuilder builder;
  builder.append_multicast({as_bytes("o"), as_bytes("ne")});
  builder.append_multicast({});
  builder.number_multicasts({{}, BootSeq(3), MulticastSeq(8)});
  const Payload drafts = builder.take_drafts();
  EXPECT_TRUE(builder.empty());
  EXPECT_EQ(builder.bytes(), 0U);
  const EntryView first(drafts.bytes().data());
  const EntryView second(drafts.bytes().data() + first.bytes());
  EXPECT_EQ(first.bytes() + second.bytes(), drafts.size());
  EXPECT_EQ(load_multicast_header(first.payload().data()),
            (MulticastHeader{{}, BootSeq(3), MulticastSeq(8)}));
  EXPECT_EQ(as_text(first.payload().subspan(kMulticastHeaderBytes)), "one");
  EXPECT_EQ(load_multicast_header(second.payload().data()).seq, MulticastSeq(9));
  EXPECT_EQ(second.payload().size(), kMulticastHeaderBytes);
}

TEST(EntryRunBuilder, MovesNothingWithinTheRoomThatItTook) {
  EntryRunBuilder builder;
  builder.reserve(100'000);
  builder.append(EntryKind::command, {as_bytes("x")});
  const std::byte* const at = builder.drafts().data();
  builder.append(EntryKind::command, {as_bytes(std::string(99'000, 'x'))});
  builder.fit();
  EXPECT_EQ(builder.drafts().data(), at);
}

TEST(EntryRunBuilder, GivesBackRoomThatItDoesNotNeed) {
  EntryRunBuilder builder;
  builder.reserve(100'000);
  builder.append(EntryKind::command, {as_bytes("kept")});
  const std::byte* const at = builder.drafts().data();
  builder.fit();
  EXPECT_NE(builder.drafts().data(), at);
  EXPECT_EQ(as_text(EntryView(builder.drafts().data()).payload()), "kept");
}

TEST(EntryRunBuilder, CountsDraftsAndRefusesALeadersKinds) {
  EntryRunBuilder builder;
  builder.append(EntryKind::command, {as_bytes("x")});
  EXPECT_EQ(EntryRunBuilder::count_drafts(builder.drafts()).value(), 1U);
  EntryRunBuilder other;
  other.append_drafts(builder.drafts());
  EXPECT_EQ(other.count(), 1U);
  other.append(EntryKind::view, {as_bytes("v")});
  EXPECT_FALSE(EntryRunBuilder::count_drafts(other.drafts()).has_value());
}

}  // namespace
}  // namespace gms::model
