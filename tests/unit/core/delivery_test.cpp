#include "gms/core/delivery.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;

/// A log that starts with a view of three members, and a Delivery of member 1 over it.
class DeliveryOfALog : public ::testing::Test {
 protected:
  DeliveryOfALog() { log.append(view_entry(log.head(), 1, view_of(1, 3)), PersistSeq(1)); }

  void add_commands(const std::vector<std::string>& bodies) { add(log, 1, bodies, 1); }
  void add_multicast(std::uint64_t sender, std::uint64_t seq) {
    std::array<std::byte, kMulticastHeaderBytes> header;
    store(header.data(), {member(sender), BootSeq(1), MulticastSeq(seq)});
    EntryRunBuilder builder;
    builder.append(EntryKind::multicast, {header, as_bytes("m")});
    log.append(builder.seal(log.head(), Epoch(1), log.head().clock), PersistSeq(1));
  }
  void keep_own_multicasts(std::size_t count) {
    EntryRunBuilder drafts;
    for (std::size_t i = 0; i < count; ++i) drafts.append_multicast({as_bytes("m")});
    outbox.number(drafts);
    outbox.keep(Ticket(1), count, drafts.take_drafts());
  }
  Effects advance(std::uint64_t commit, std::uint64_t durable = 1) {
    log.durable(PersistSeq(durable));
    delivery.set_commit(Index(commit));
    Effects effects;
    missing = delivery.advance(log, outbox, effects);
    return effects;
  }
  static std::vector<std::string> bodies_of(const Effects& effects) {
    std::vector<std::string> bodies;
    for (const Effect& effect : effects)
      if (const auto* deliver = std::get_if<Deliver>(&effect))
        for (const model::Delivery& one : deliver->batch.deliveries)
          bodies.emplace_back(as_text(one.payload));
    return bodies;
  }

  EntryLog log = empty_log();
  MulticastOutbox outbox{member(1), BootSeq(1)};
  Delivery delivery{member(1), Mark(), {1 << 20, 1 << 20}};
  std::optional<Index> missing;
};

TEST_F(DeliveryOfALog, GivesOnlyWhatIsCommittedAndDurableHere) {
  add_commands({"a", "b"});
  add(log, 1, {"c"}, 2);
  EXPECT_TRUE(advance(0).empty());
  EXPECT_EQ(bodies_of(advance(2)), (std::vector<std::string>{"a"}));
  EXPECT_EQ(bodies_of(advance(4)), (std::vector<std::string>{"b"}));
  EXPECT_EQ(delivery.delivered(), Index(3));
  EXPECT_EQ(bodies_of(advance(4, 2)), (std::vector<std::string>{"c"}));
}

TEST_F(DeliveryOfALog, MovesItsMarkBehindTheGroupsOwnEntriesWithoutAMessage) {
  add_commands({"a"});
  EXPECT_EQ(bodies_of(advance(2)), (std::vector<std::string>{"a"}));
  EntryRunBuilder noop;
  noop.append(EntryKind::noop, {});
  log.append(noop.seal(log.head(), Epoch(2), log.head().clock), PersistSeq(1));
  EXPECT_TRUE(advance(3).empty());
  delivery.applied_up_to(Index(2));
  EXPECT_EQ(delivery.applied(), Index(3));
  EXPECT_EQ(delivery.marked(), Index(2));
  Effects effects;
  delivery.renew_mark(effects);
  ASSERT_EQ(effects.size(), 1u);
  const DeliveryBatch& batch = std::get<Deliver>(effects[0]).batch;
  EXPECT_TRUE(batch.deliveries.empty());
  EXPECT_EQ(batch.last, Index(3));
  EXPECT_EQ(decode_mark(batch.mark)->head.position, (Position{Epoch(2), Index(3)}));
  EXPECT_EQ(delivery.told(), Index(2));
  EXPECT_EQ(delivery.marked(), Index(3));
  delivery.renew_mark(effects);
  EXPECT_EQ(effects.size(), 1u);
}

TEST_F(DeliveryOfALog, EndsABatchWhereEverybodyIsAskedForASample) {
  add_commands({"a", "b", "c", "d", "e", "f"});
  Delivery sampled{member(1), Mark(), {1 << 20, 1 << 20, 3}};
  sampled.set_commit(Index(7));
  log.durable(PersistSeq(1));
  Effects effects;
  ASSERT_EQ(sampled.advance(log, outbox, effects), std::nullopt);
  std::vector<Index> ends;
  for (const Effect& effect : effects)
    if (const auto* deliver = std::get_if<Deliver>(&effect)) ends.push_back(deliver->batch.last);
  EXPECT_EQ(ends, (std::vector<Index>{Index(3), Index(6), Index(7)}));
}

TEST_F(DeliveryOfALog, GoesOnFromAStateBelowWhatIsCommitted) {
  add_commands({"a", "b", "c"});
  EXPECT_EQ(bodies_of(advance(2)), (std::vector<std::string>{"a"}));
  delivery.set_commit(Index(4));
  const Mark mark{{log.position_at(Index(2)), *log.hash_at(Index(2)), GroupClock()},
                  {view_of(1, 3), log.position_at(Index(1))},
                  {}};
  Effects effects;
  delivery.restore(mark, effects);
  EXPECT_EQ(delivery.commit(), Index(4));
  EXPECT_EQ(delivery.applied(), Index(2));
  EXPECT_EQ(bodies_of(advance(4)), (std::vector<std::string>{"b", "c"}));
}

TEST_F(DeliveryOfALog, PutsAViewBetweenTheMessagesThatItStandsBetween) {
  add_commands({"a"});
  log.append(view_entry(log.head(), 1, view_of(2, 4)), PersistSeq(1));
  add_commands({"b"});
  const Effects effects = advance(4);
  ASSERT_EQ(effects.size(), 4U);
  EXPECT_TRUE(std::holds_alternative<InstallView>(effects[0]));
  EXPECT_TRUE(std::holds_alternative<Deliver>(effects[1]));
  ASSERT_TRUE(std::holds_alternative<InstallView>(effects[2]));
  EXPECT_EQ(std::get<InstallView>(effects[2]).view.view.seq, ViewSeq(2));
  EXPECT_TRUE(std::holds_alternative<Deliver>(effects[3]));
}

TEST_F(DeliveryOfALog, AMarkSaysWhereTheStreamGoesOn) {
  add_commands({"a"});
  add_multicast(2, 1);
  const Effects effects = advance(3);
  const auto& batch = std::get<Deliver>(effects.back()).batch;
  EXPECT_EQ(batch.last, Index(3));
  const auto mark = decode_mark(batch.mark);
  ASSERT_TRUE(mark.has_value());
  EXPECT_EQ(mark->head.position, (Position{Epoch(1), Index(3)}));
  EXPECT_EQ(mark->view.view.seq, ViewSeq(1));
  EXPECT_EQ(mark->rows, (std::vector<SenderRow>{{member(2), BootSeq(1), MulticastSeq(1)}}));
  Delivery again(member(1), *mark, {1 << 20, 1 << 20});
  EXPECT_EQ(again.delivered(), Index(3));
  EXPECT_EQ(again.commit(), Index(3));
}

TEST_F(DeliveryOfALog, HoldsBackWhileTheApplicationIsBehind) {
  Delivery narrow(member(1), Mark(), {1, 1});
  add_commands({"a", "b"});
  log.durable(PersistSeq(1));
  narrow.set_commit(Index(3));
  Effects effects;
  narrow.advance(log, outbox, effects);
  EXPECT_EQ(narrow.delivered(), Index(1));
  EXPECT_EQ(narrow.applied(), Index(0));
  narrow.applied_up_to(Index(1));
  EXPECT_EQ(narrow.applied(), Index(1));
  narrow.advance(log, outbox, effects);
  EXPECT_EQ(narrow.delivered(), Index(2));
}

TEST_F(DeliveryOfALog, EntriesOfTheGroupAloneAreAppliedAtOnce) {
  (void)advance(1);
  delivery.applied_up_to(Index(1));
  EntryRunBuilder builder;
  builder.append(EntryKind::noop, {});
  log.append(builder.seal(log.head(), Epoch(1), log.head().clock), PersistSeq(1));
  EXPECT_TRUE(advance(2).empty());
  EXPECT_EQ(delivery.applied(), Index(2));
}

TEST_F(DeliveryOfALog, TellsTheTicketsOfWhatWasProposedHere) {
  add_commands({"a", "b", "c"});
  delivery.expect({Epoch(1), Index(3)}, 2, Ticket(40));
  const Effects effects = advance(4);
  const auto& batch = std::get<Deliver>(effects.back()).batch;
  EXPECT_EQ(batch.deliveries[0].ticket, Ticket());
  EXPECT_EQ(batch.deliveries[1].ticket, Ticket(40));
  EXPECT_EQ(batch.deliveries[2].ticket, Ticket(41));
}

TEST_F(DeliveryOfALog, WhatALaterLeaderOverwroteIsUnknown) {
  delivery.expect({Epoch(1), Index(2)}, 1, Ticket(40));
  add(log, 2, {"other"}, 1);
  const Effects effects = advance(2);
  const auto* completed = std::get_if<Completed>(&effects[1]);
  ASSERT_NE(completed, nullptr);
  EXPECT_EQ(completed->first, Ticket(40));
  EXPECT_EQ(completed->error->code, ErrorCode::outcome_unknown);
  EXPECT_EQ(std::get<Deliver>(effects[2]).batch.deliveries[0].ticket, Ticket());
}

TEST_F(DeliveryOfALog, AsksForEntriesThatAreNotInMemory) {
  EntryLog small = empty_log(1);
  small.append(view_entry(small.head(), 1, view_of(1, 3)), PersistSeq(1));
  const EntryRun all = commands(small.head(), 1, {"a", "b"});
  small.append(all, PersistSeq(1));
  small.durable(PersistSeq(1));
  small.shrink_memory(small.last_index());
  delivery.set_commit(Index(3));
  Effects effects;
  EXPECT_EQ(delivery.advance(small, outbox, effects), Index(1));
  delivery.advance_with(view_entry({}, 1, view_of(1, 3)), small, outbox, effects);
  delivery.advance_with(all, small, outbox, effects);
  EXPECT_EQ(bodies_of(effects), (std::vector<std::string>{"a", "b"}));
  // What comes a second time is nothing new.
  effects.clear();
  delivery.advance_with(all, small, outbox, effects);
  EXPECT_TRUE(effects.empty());
}

TEST_F(DeliveryOfALog, TakesNoEntriesThatAnotherLeadersHaveReplaced) {
  // Read from the files before the second of them was replaced, and handed on after that.
  const EntryRun read = commands(log.head(), 1, {"a", "replaced"});
  add_commands({"a"});
  add(log, 2, {"committed"}, 1);
  log.durable(PersistSeq(1));
  delivery.set_commit(Index(3));
  Effects effects;
  delivery.advance_with(view_entry({}, 1, view_of(1, 3)), log, outbox, effects);
  delivery.advance_with(read, log, outbox, effects);
  EXPECT_EQ(bodies_of(effects), std::vector<std::string>());
  EXPECT_EQ(delivery.delivered(), Index(1));
  EXPECT_EQ(bodies_of(advance(3)), (std::vector<std::string>{"a", "committed"}));
}

TEST_F(DeliveryOfALog, OnlyAMissingOwnMulticastCallsForSendingAgain) {
  keep_own_multicasts(3);
  (void)advance(1);
  EXPECT_TRUE(delivery.take_wants_resend());
  add_multicast(1, 1);
  add_multicast(1, 1);
  (void)advance(3);
  EXPECT_FALSE(delivery.take_wants_resend());
  add_multicast(2, 7);
  (void)advance(4);
  EXPECT_FALSE(delivery.take_wants_resend());
  add_multicast(1, 3);
  (void)advance(5);
  EXPECT_TRUE(delivery.take_wants_resend());
  EXPECT_FALSE(delivery.take_wants_resend());
}

TEST_F(DeliveryOfALog, ADownMarkSilencesSendingAgainUntilTheUpMark) {
  keep_own_multicasts(1);
  View down = view_of(2, 3);
  std::erase(down.up, member(1));
  (void)advance(1);
  EXPECT_TRUE(delivery.take_wants_resend());
  log.append(view_entry(log.head(), 1, down), PersistSeq(1));
  add_multicast(1, 1);
  (void)advance(3);
  EXPECT_FALSE(delivery.take_wants_resend());
  log.append(view_entry(log.head(), 1, view_of(3, 3)), PersistSeq(1));
  (void)advance(4);
  EXPECT_TRUE(delivery.take_wants_resend());
}

}  // namespace
}  // namespace gms::core
