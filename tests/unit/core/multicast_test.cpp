#include <gtest/gtest.h>

#include "gms/core/multicast_outbox.hpp"
#include "gms/core/sender_rows.hpp"
#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;

MulticastHeader from(std::uint64_t sender, std::uint64_t boot, std::uint64_t seq) {
  return {member(sender), BootSeq(boot), MulticastSeq(seq)};
}

TEST(SenderRows, TakesEachSendersMessagesInOrderAndOnce) {
  SenderRows rows{Mark()};
  const View view = view_of(1, 2);
  EXPECT_TRUE(rows.admit(from(1, 1, 1), view));
  EXPECT_FALSE(rows.admit(from(1, 1, 1), view));
  EXPECT_FALSE(rows.admit(from(1, 1, 3), view));
  EXPECT_TRUE(rows.admit(from(1, 1, 2), view));
  EXPECT_TRUE(rows.admit(from(2, 1, 1), view));
  EXPECT_TRUE(rows.admit(from(1, 1, 3), view));
}

TEST(SenderRows, ANewBootStartsFromOneAndEndsTheOldOne) {
  SenderRows rows{Mark()};
  const View view = view_of(1, 2);
  EXPECT_TRUE(rows.admit(from(1, 1, 1), view));
  EXPECT_FALSE(rows.admit(from(1, 2, 2), view));
  EXPECT_TRUE(rows.admit(from(1, 2, 1), view));
  EXPECT_FALSE(rows.admit(from(1, 1, 2), view));
  EXPECT_TRUE(rows.admit(from(1, 2, 2), view));
}

TEST(SenderRows, TakesNothingFromAMemberThatIsNotUp) {
  SenderRows rows{Mark()};
  View view = view_of(1, 2);
  std::erase(view.up, member(1));
  EXPECT_FALSE(rows.admit(from(1, 1, 1), view));
  EXPECT_FALSE(rows.admit(from(9, 1, 1), view));
  EXPECT_TRUE(rows.admit(from(1, 1, 1), view_of(2, 2)));
}

TEST(SenderRows, TellsCopiesFromGapsWithoutTakingAnything) {
  SenderRows rows{Mark()};
  const View view = view_of(1, 2);
  EXPECT_TRUE(rows.admit(from(1, 2, 1), view));
  EXPECT_EQ(rows.turn_of(from(1, 2, 2), view), Turn::next);
  EXPECT_EQ(rows.turn_of(from(1, 2, 2), view), Turn::next);
  EXPECT_EQ(rows.turn_of(from(1, 2, 1), view), Turn::copy);
  EXPECT_EQ(rows.turn_of(from(1, 1, 7), view), Turn::copy);
  EXPECT_EQ(rows.turn_of(from(1, 2, 3), view), Turn::after_gap);
  EXPECT_EQ(rows.turn_of(from(1, 3, 1), view), Turn::next);
  EXPECT_EQ(rows.turn_of(from(1, 3, 2), view), Turn::after_gap);
  EXPECT_EQ(rows.turn_of(from(9, 1, 1), view), Turn::sender_not_up);
}

TEST(SenderRows, ARowOutlivesItsSenderWhoeverHasItsPlace) {
  SenderRows rows{Mark()};
  const View view = view_of(1, 2);
  EXPECT_TRUE(rows.admit(from(2, 5, 1), view));
  rows.view_installed(view_of(2, 1));
  View replaced = view_of(3, 2);
  replaced.members[1].id.incarnation = Incarnation(2);
  replaced.up[1] = replaced.members[1].id;
  rows.view_installed(replaced);
  MulticastHeader of_the_other = from(2, 1, 1);
  of_the_other.sender.incarnation = Incarnation(2);
  EXPECT_TRUE(rows.admit(of_the_other, replaced));
  // The first incarnation comes back in the same boot and goes on; what is old of it stays old.
  rows.view_installed(view);
  EXPECT_FALSE(rows.admit(from(2, 5, 1), view));
  EXPECT_TRUE(rows.admit(from(2, 5, 2), view));
}

TEST(SenderRows, OfThoseThatLeftTheLastOnesAreKept) {
  SenderRows rows{Mark()};
  const auto with = [](std::uint64_t other) {
    View view = view_of(other, 1);
    view.members.push_back({member(other), "other", "", ""});
    view.up.push_back(member(other));
    return view;
  };
  EXPECT_TRUE(rows.admit(from(1, 1, 1), with(2)));
  const std::uint64_t last = 2 + SenderRows::kDepartedMax;
  for (std::uint64_t other = 2; other <= last; ++other) {
    rows.view_installed(with(other));
    EXPECT_TRUE(rows.admit(from(other, 1, 1), with(other)));
  }
  rows.view_installed(view_of(last + 1, 1));
  ASSERT_EQ(rows.rows().size(), 1 + SenderRows::kDepartedMax);
  EXPECT_EQ(rows.rows()[0].sender, member(1));
  EXPECT_EQ(rows.rows()[1].sender, member(last));
  EXPECT_EQ(rows.rows().back().sender, member(3));
  Mark mark;
  rows.note_in(mark);
  EXPECT_EQ(mark.rows, rows.rows());
  EXPECT_TRUE(mark.has_forgotten);
  SenderRows(mark).note_in(mark);
  EXPECT_TRUE(mark.has_forgotten);
  EXPECT_TRUE(decode_mark(encode(mark))->has_forgotten);
}

/// Numbers these and has the outbox keep them. Returns them.
Payload add(MulticastOutbox& outbox, Ticket first, const std::vector<std::string>& texts) {
  EntryRunBuilder builder;
  for (const std::string& text : texts) builder.append_multicast({as_bytes(text)});
  outbox.number(builder);
  const Payload drafts = builder.take_drafts();
  outbox.keep(first, texts.size(), drafts);
  return drafts;
}

TEST(MulticastOutbox, NumbersOnAcrossBatches) {
  MulticastOutbox outbox(member(1), BootSeq(4));
  add(outbox, Ticket(10), {"a", "b"});
  const Payload drafts = add(outbox, Ticket(20), {"c"});
  const EntryView draft(drafts.bytes().data());
  EXPECT_EQ(draft.kind(), EntryKind::multicast);
  EXPECT_EQ(load_multicast_header(draft.payload().data()), from(1, 4, 3));
  EXPECT_EQ(as_text(draft.payload().subspan(kMulticastHeaderBytes)), "c");
  EXPECT_EQ(outbox.count(), 3U);
}

TEST(MulticastOutbox, ForgetsWhatWasDeliveredAndTellsItsTicket) {
  MulticastOutbox outbox(member(1), BootSeq(4));
  add(outbox, Ticket(10), {"a", "b"});
  add(outbox, Ticket(20), {"c"});
  EXPECT_EQ(outbox.delivered(from(1, 4, 1)), Ticket(10));
  EXPECT_EQ(outbox.pending().size(), 2U);
  EXPECT_EQ(outbox.delivered(from(1, 4, 2)), Ticket(11));
  EXPECT_EQ(outbox.pending().size(), 1U);
  EXPECT_EQ(outbox.delivered(from(1, 4, 3)), Ticket(20));
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0U);
}

TEST(MulticastOutbox, KnowsNothingOfOthersMessagesAndOfOtherBoots) {
  MulticastOutbox outbox(member(1), BootSeq(4));
  add(outbox, Ticket(10), {"a"});
  EXPECT_EQ(outbox.delivered(from(2, 4, 1)), Ticket());
  EXPECT_EQ(outbox.delivered(from(1, 3, 1)), Ticket());
  EXPECT_EQ(outbox.count(), 1U);
}

TEST(MulticastOutbox, HoldsWhatIsNotDeliveredYet) {
  MulticastOutbox outbox(member(1), BootSeq(4));
  add(outbox, Ticket(10), {"a", "b", "c"});
  EXPECT_EQ(outbox.delivered(from(1, 4, 1)), Ticket(10));
  EXPECT_FALSE(outbox.holds(from(1, 4, 1)));
  EXPECT_TRUE(outbox.holds(from(1, 4, 2)));
  EXPECT_TRUE(outbox.holds(from(1, 4, 3)));
  EXPECT_FALSE(outbox.holds(from(1, 4, 4)));
  EXPECT_FALSE(outbox.holds(from(1, 3, 2)));
  EXPECT_FALSE(outbox.holds(from(2, 4, 2)));
}

TEST(MulticastOutbox, AbandonsWhatIsNotDeliveredYetByItsTickets) {
  MulticastOutbox outbox(member(1), BootSeq(4));
  add(outbox, Ticket(10), {"a", "b", "c"});
  add(outbox, Ticket(20), {"d"});
  EXPECT_EQ(outbox.delivered(from(1, 4, 1)), Ticket(10));
  const auto abandoned = outbox.abandon();
  ASSERT_EQ(abandoned.size(), 2U);
  EXPECT_EQ(abandoned[0], std::pair(Ticket(11), std::uint64_t{2}));
  EXPECT_EQ(abandoned[1], std::pair(Ticket(20), std::uint64_t{1}));
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0U);
  EXPECT_EQ(outbox.delivered(from(1, 4, 2)), Ticket());
}

TEST(MulticastOutbox, WhatIsAbandonedIsNotDelivered) {
  MulticastOutbox outbox(member(1), BootSeq(4));
  add(outbox, Ticket(10), {"a"});
  (void)outbox.abandon();
  EXPECT_FALSE(outbox.delivered_any());
  add(outbox, Ticket(11), {"b"});
  EXPECT_EQ(outbox.delivered(from(1, 4, 2)), Ticket(11));
  EXPECT_TRUE(outbox.delivered_any());
}

}  // namespace
}  // namespace gms::core
