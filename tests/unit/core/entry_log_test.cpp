#include "gms/core/entry_log.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;

/// The end of `log` at `index`, which is in memory or the end of an epoch.
ChainHead head_at(const EntryLog& log, std::uint64_t index) {
  if (index == 0) return {};
  return {log.position_at(Index(index)), log.hash_at(Index(index)).value(), GroupClock()};
}

TEST(EntryLog, IsStableOnlyUpToTheEntriesWhoseOrderIsDurable) {
  EntryLog log = empty_log();
  add(log, 1, {"a", "b"}, 1);
  add(log, 1, {"c"}, 2);
  EXPECT_EQ(log.stable(), Index());
  EXPECT_EQ(log.persist_seq_at(Index(2)), PersistSeq(1));
  EXPECT_EQ(log.persist_seq_at(Index(3)), PersistSeq(2));
  log.durable(PersistSeq(1));
  EXPECT_EQ(log.stable(), Index(2));
  EXPECT_EQ(log.persist_seq_at(Index(2)), PersistSeq());
  log.durable(PersistSeq(2));
  EXPECT_EQ(log.stable(), Index(3));
}

TEST(EntryLog, AnOrderWithoutEntriesMakesNothingStable) {
  EntryLog log = empty_log();
  add(log, 1, {"a"}, 5);
  log.durable(PersistSeq(4));
  EXPECT_EQ(log.stable(), Index());
}

TEST(EntryLog, AnEntryWrittenAgainIsDurableOnlyByItsSecondWriting) {
  EntryLog log = empty_log();
  add(log, 1, {"a"}, 1);
  add(log, 2, {"b"}, 2);
  const ChainHead first = head_at(log, 1);
  log.truncate(Index(2), first);
  add(log, 3, {"x"}, 3);
  log.truncate(Index(2), first);
  add(log, 3, {"b"}, 4);
  // The disk has written position 2 twice by now, but not as it stands here.
  log.durable(PersistSeq(2));
  EXPECT_EQ(log.stable(), Index(1));
  log.durable(PersistSeq(3));
  EXPECT_EQ(log.stable(), Index(1));
  EXPECT_EQ(log.persist_seq_at(Index(2)), PersistSeq(4));
  log.durable(PersistSeq(4));
  EXPECT_EQ(log.stable(), Index(2));
}

TEST(EntryLog, TruncatingInsideAnOrderKeepsItsFirstPartUnstable) {
  EntryLog log = empty_log();
  add(log, 1, {"a", "b", "c"}, 1);
  log.truncate(Index(3), head_at(log, 2));
  EXPECT_EQ(log.last_index(), Index(2));
  EXPECT_EQ(log.stable(), Index());
  EXPECT_EQ(log.persist_seq_at(Index(2)), PersistSeq(1));
  log.durable(PersistSeq(1));
  EXPECT_EQ(log.stable(), Index(2));
}

TEST(EntryLog, TruncatingDurableEntriesLowersStable) {
  EntryLog log = empty_log();
  add(log, 1, {"a", "b", "c"}, 1);
  log.durable(PersistSeq(1));
  log.truncate(Index(2), head_at(log, 1));
  EXPECT_EQ(log.stable(), Index(1));
  add(log, 2, {"d", "e"}, 2);
  EXPECT_EQ(log.stable(), Index(1));
  EXPECT_EQ(log.persist_seq_at(Index(3)), PersistSeq(2));
}

TEST(EntryLog, TruncatingAWholeOrderLeavesTheOneBeforeAsItWas) {
  EntryLog log = empty_log();
  add(log, 1, {"a", "b"}, 1);
  add(log, 1, {"c"}, 2);
  log.truncate(Index(3), head_at(log, 2));
  EXPECT_EQ(log.persist_seq_at(Index(2)), PersistSeq(1));
  log.durable(PersistSeq(2));
  EXPECT_EQ(log.stable(), Index(2));
}

TEST(EntryLog, KnowsEveryEpochAndTheHashesWhereEpochsEnd) {
  EntryLog log = empty_log(0);
  add(log, 1, {"a", "b", "c"}, 1);
  add(log, 4, {"d"}, 2);
  add(log, 4, {"e", "f"}, 3);
  const EntryHash end_of_first = log.hash_at(Index(3)).value();
  const EntryHash end = log.head().hash;
  log.durable(PersistSeq(3));
  log.shrink_memory(log.last_index());
  EXPECT_EQ(log.first_in_memory(), log.last_index().next());
  EXPECT_EQ(log.epoch_at(Index(3)), Epoch(1));
  EXPECT_EQ(log.epoch_at(Index(4)), Epoch(4));
  EXPECT_EQ(log.hash_at(Index(3)), end_of_first);
  EXPECT_EQ(log.hash_at(Index(6)), end);
  EXPECT_FALSE(log.hash_at(Index(5)).has_value());
  EXPECT_EQ(log.hash_at(Index(0)), EntryHash());
  EXPECT_FALSE(log.hash_at(Index(7)).has_value());
}

TEST(EntryLog, CutsTheEpochThatATruncationEndsIn) {
  EntryLog log = empty_log(0);
  add(log, 1, {"a", "b"}, 1);
  add(log, 2, {"c", "d"}, 2);
  const ChainHead third = head_at(log, 3);
  log.truncate(Index(4), third);
  EXPECT_EQ(log.last(), (Position{Epoch(2), Index(3)}));
  EXPECT_EQ(log.hash_at(Index(3)), third.hash);
  log.truncate(Index(3), head_at(log, 2));
  EXPECT_EQ(log.last(), (Position{Epoch(1), Index(2)}));
  add(log, 5, {"x"}, 3);
  EXPECT_EQ(log.epoch_at(Index(3)), Epoch(5));
}

TEST(EntryLog, FindsTheLastIndexOfAnEpochNotAboveAnother) {
  EntryLog log = empty_log();
  add(log, 1, {"a", "b"}, 1);
  add(log, 3, {"c", "d"}, 1);
  add(log, 6, {"e"}, 1);
  EXPECT_EQ(log.last_at_or_below(Epoch(6), Index(0), Index(6)), Index(5));
  EXPECT_EQ(log.last_at_or_below(Epoch(5), Index(0), Index(6)), Index(4));
  EXPECT_EQ(log.last_at_or_below(Epoch(2), Index(0), Index(6)), Index(2));
  EXPECT_EQ(log.last_at_or_below(Epoch(3), Index(0), Index(4)), Index(3));
  // Never below what is asked for, however old its epoch.
  EXPECT_EQ(log.last_at_or_below(Epoch(2), Index(3), Index(6)), Index(3));
}

TEST(EntryLog, TheViewInForceIsTheLastOneInTheLogAndFallsBackWithTruncation) {
  EntryLog log = empty_log();
  log.append(view_entry(log.head(), 1, view_of(1, 3)), PersistSeq(1));
  add(log, 1, {"a"}, 1);
  log.append(view_entry(log.head(), 1, view_of(2, 4)), PersistSeq(1));
  EXPECT_EQ(log.view().view.seq, ViewSeq(2));
  EXPECT_EQ(log.view().position, (Position{Epoch(1), Index(3)}));
  EXPECT_EQ(log.view_at(Index(2)).view.seq, ViewSeq(1));
  EXPECT_EQ(log.views_between(Index(0), Index(3)).size(), 2U);
  EXPECT_EQ(log.views_between(Index(1), Index(2)).size(), 0U);
  log.truncate(Index(3), head_at(log, 2));
  EXPECT_EQ(log.view().view.seq, ViewSeq(1));
  log.append(view_entry(log.head(), 2, view_of(2, 2)), PersistSeq(2));
  EXPECT_EQ(log.view().view.members.size(), 2U);
}

TEST(EntryLog, TellsHowAMemberWasRemovedLast) {
  EntryLog log = empty_log();
  log.append(view_entry(log.head(), 1, view_of(1, 3)), PersistSeq(1));
  EXPECT_FALSE(log.removal_of(member(3)).has_value());
  View without = view_of(2, 2);
  without.cause = ViewCause::leave;
  without.subject = member(3);
  log.append(view_entry(log.head(), 1, without), PersistSeq(2));
  View down = without;
  down.seq = ViewSeq(3);
  down.cause = ViewCause::down;
  down.subject = member(2);
  log.append(view_entry(log.head(), 1, down), PersistSeq(3));
  const auto removal = log.removal_of(member(3));
  ASSERT_TRUE(removal.has_value());
  EXPECT_EQ(removal->cause, ViewCause::leave);
  EXPECT_EQ(removal->at, (Position{Epoch(1), Index(2)}));
  EXPECT_FALSE(log.removal_of(member(2)).has_value());
}

TEST(EntryLog, TellsOfARemovalWhoseViewTheBaseHas) {
  EntryLog log = empty_log();
  log.append(view_entry(log.head(), 1, view_of(1, 3)), PersistSeq(1));
  View without = view_of(2, 2);
  without.cause = ViewCause::leave;
  without.subject = member(3);
  log.append(view_entry(log.head(), 1, without), PersistSeq(2));
  add(log, 1, {"a"}, 3);
  log.durable(PersistSeq(3));
  log.trim({head_at(log, 3), log.view_at(Index(3))});
  const auto removal = log.removal_of(member(3));
  ASSERT_TRUE(removal.has_value());
  EXPECT_EQ(removal->cause, ViewCause::leave);
  EXPECT_EQ(removal->at, (Position{Epoch(1), Index(2)}));
}

TEST(EntryLogDeathTest, AViewMayChangeOneVoterOnlyAndCountsUpByOne) {
  EntryLog log = empty_log();
  log.append(view_entry(log.head(), 1, view_of(1, 3)), PersistSeq(1));
  EXPECT_DEATH(log.append(view_entry(log.head(), 1, view_of(2, 5)), PersistSeq(1)), "I14");
  EXPECT_DEATH(log.append(view_entry(log.head(), 1, view_of(3, 3)), PersistSeq(1)), "I14");
}

TEST(EntryLog, AViewThatFoundsAGroupLeavesAllVotersButOneBehind) {
  EntryLog log = empty_log();
  log.append(view_entry(log.head(), 1, view_of(1, 5)), PersistSeq(1));
  View founds = view_of(2, 1);
  founds.cause = ViewCause::bootstrap;
  log.append(view_entry(log.head(), 2, founds), PersistSeq(2));
  EXPECT_EQ(log.view().view.members.size(), 1U);
}

TEST(EntryLogDeathTest, AViewThatFoundsAGroupHasOneMember) {
  EntryLog log = empty_log();
  log.append(view_entry(log.head(), 1, view_of(1, 5)), PersistSeq(1));
  View founds = view_of(2, 2);
  founds.cause = ViewCause::bootstrap;
  EXPECT_DEATH(log.append(view_entry(log.head(), 2, founds), PersistSeq(2)), "I14");
  founds = view_of(2, 1);
  founds.cause = ViewCause::evict;
  EXPECT_DEATH(log.append(view_entry(log.head(), 2, founds), PersistSeq(2)), "I14");
}

TEST(EntryLog, ReadsAcrossRunsUpToALimitButOneEntryAtLeast) {
  EntryLog log = empty_log();
  add(log, 1, {"a", "b"}, 1);
  add(log, 1, {"c", "d"}, 2);
  constexpr std::size_t kEach = kEntryHeaderBytes + 1;
  const auto count = [](const std::vector<EntryRun>& runs) {
    std::size_t entries = 0;
    for (const EntryRun& run : runs) entries += run.count();
    return entries;
  };
  EXPECT_EQ(count(log.read(Index(1), 1)), 1U);
  EXPECT_EQ(count(log.read(Index(1), 3 * kEach)), 3U);
  EXPECT_EQ(count(log.read(Index(2), 3 * kEach)), 3U);
  EXPECT_EQ(count(log.read(Index(2), 2 * kEach + 1)), 2U);
  EXPECT_EQ(log.read(Index(2), 100 * kEach).front().first_index(), Index(2));
}

TEST(EntryLog, CountsTheBytesAfterAnIndex) {
  EntryLog log = empty_log();
  add(log, 1, {"a", "bb"}, 1);
  add(log, 1, {"ccc"}, 2);
  EXPECT_EQ(log.bytes_after(Index(3)), 0U);
  EXPECT_EQ(log.bytes_after(Index(2)), kEntryHeaderBytes + 3);
  EXPECT_EQ(log.bytes_after(Index(1)), 2 * kEntryHeaderBytes + 5);
  EXPECT_EQ(log.bytes_after(Index(0)), 3 * kEntryHeaderBytes + 6);
  log.truncate(Index(2), head_at(log, 1));
  EXPECT_EQ(log.bytes_after(Index(0)), kEntryHeaderBytes + 1);
  add(log, 2, {"dddd"}, 3);
  EXPECT_EQ(log.bytes_after(Index(1)), kEntryHeaderBytes + 4);
}

TEST(EntryLog, LetsGoOnlyOfEntriesThatAreDurable) {
  EntryLog log = empty_log(1);
  add(log, 1, {"a"}, 1);
  add(log, 1, {"b"}, 2);
  add(log, 1, {"c"}, 3);
  log.shrink_memory(log.last_index());
  EXPECT_EQ(log.first_in_memory(), Index(1));
  log.durable(PersistSeq(2));
  log.shrink_memory(log.last_index());
  EXPECT_EQ(log.first_in_memory(), Index(3));
  EXPECT_EQ(log.last_index(), Index(3));
  EXPECT_EQ(log.bytes_after(Index(0)), kEntryHeaderBytes + 1);
}

TEST(EntryLog, CountsBytesRightlyAfterATruncationBelowWhatIsInMemory) {
  EntryLog log = empty_log(1);
  add(log, 1, {"a"}, 1);
  const ChainHead first = head_at(log, 1);
  add(log, 2, {"b"}, 2);
  log.durable(PersistSeq(2));
  log.shrink_memory(log.last_index());
  log.truncate(Index(2), first);
  EXPECT_EQ(log.first_in_memory(), Index(2));
  add(log, 3, {"cc"}, 3);
  EXPECT_EQ(log.bytes_after(Index(1)), kEntryHeaderBytes + 2);
  EXPECT_EQ(log.read(Index(2), 100).front().front().epoch(), Epoch(3));
}

TEST(EntryLog, KeepsInMemoryWhatFitsTheLimit) {
  constexpr std::size_t kEach = kEntryHeaderBytes + 1;
  EntryLog log = empty_log(2 * kEach);
  for (std::uint64_t i = 1; i <= 5; ++i) add(log, 1, {"x"}, i);
  log.durable(PersistSeq(5));
  log.shrink_memory(log.last_index());
  EXPECT_EQ(log.first_in_memory(), Index(4));
}

TEST(EntryLog, StartsFromWhatWasRecoveredAllOfItStable) {
  EntryLog written = empty_log();
  written.append(view_entry(written.head(), 1, view_of(1, 3)), PersistSeq(1));
  add(written, 2, {"a", "b"}, 1);
  RecoveredLog recovered;
  recovered.epochs = {{Epoch(1), Index(1), Index(1), written.hash_at(Index(1)).value()},
                      {Epoch(2), Index(2), Index(3), written.head().hash}};
  recovered.views = {written.view()};
  recovered.head = written.head();
  recovered.tail = {written.read(Index(2), 1 << 20).front()};
  const EntryLog log(std::move(recovered), 1 << 20);
  EXPECT_EQ(log.stable(), Index(3));
  EXPECT_EQ(log.first_in_memory(), Index(2));
  EXPECT_EQ(log.view().view.seq, ViewSeq(1));
  EXPECT_EQ(log.epoch_at(Index(1)), Epoch(1));
}

TEST(EntryLogDeathTest, RefusesAGapAndAnOlderEpoch) {
  EntryLog log = empty_log();
  add(log, 2, {"a"}, 1);
  ChainHead beyond = log.head();
  beyond.position.index = Index(5);
  EXPECT_DEATH(log.append(commands(beyond, 2, {"x"}), PersistSeq(2)), "A4");
  EXPECT_DEATH(log.append(commands({{Epoch(1), Index(1)}, {}, {}}, 1, {"x"}), PersistSeq(2)), "I2");
}

}  // namespace
}  // namespace gms::core
