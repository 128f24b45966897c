#include "kvstore/replica/session_table.hpp"

#include <gtest/gtest.h>

#include "tests/unit/kvstore/replica_fixture.hpp"

namespace kvstore::replica {
namespace {

using api::CallNumber;
using api::CommandReply;
using api::Nonce;
using api::Outcome;
using api::Revision;
using api::SessionId;
using gms::model::GroupClock;

class Sessions : public ::testing::Test {
 protected:
  SessionId open(std::uint64_t nonce, std::uint64_t clock = 1) {
    return table_.open(Nonce(nonce), ++at_, GroupClock(clock));
  }
  /// The outcome that the call is answered with, or `done` after its execution; `executed_` tells.
  Outcome call(SessionId session, std::uint64_t number, std::uint64_t acknowledged,
               std::string_view previous = {}) {
    const api::Call call{session, CallNumber(number), CallNumber(acknowledged), erase("k")};
    ++at_;
    const auto admission = table_.admit(call, at_, GroupClock(at_.value()));
    const auto* execute = std::get_if<Execute>(&admission);
    executed_ = execute != nullptr;
    if (!executed_) {
      last_ = std::get<AnswerWith>(admission).reply;
      return last_.outcome;
    }
    last_ = {Outcome::done, api::revision_at(at_), std::nullopt};
    if (!previous.empty()) last_.previous = api::Versioned{Revision(1), as_bytes(previous)};
    table_.remember(*execute->session, call.number, last_);
    return last_.outcome;
  }

  SessionTable table_{SessionLimits{3, 4, 100, 250}};
  Index at_;
  bool executed_ = false;
  CommandReply last_;
};

TEST_F(Sessions, AreNamedAfterTheirRegistration) {
  EXPECT_EQ(open(11), SessionId(1));
  EXPECT_EQ(open(12), SessionId(2));
  EXPECT_EQ(table_.size(), 2U);
}

TEST_F(Sessions, ARepeatedRegistrationMakesNoSecondOne) {
  const SessionId first = open(11);
  EXPECT_EQ(open(11), first);
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(Sessions, AnUnknownSessionExecutesNothing) {
  EXPECT_EQ(call(SessionId(99), 1, 0), Outcome::session_expired);
  EXPECT_FALSE(executed_);
}

TEST_F(Sessions, ARepeatedCallIsAnsweredAsTheFirst) {
  const SessionId session = open(11);
  EXPECT_EQ(call(session, 2, 0, "held"), Outcome::done);
  EXPECT_EQ(call(session, 1, 0), Outcome::done);
  EXPECT_TRUE(executed_) << "what is remembered of a later call is no answer to this one";
  const Revision revision = last_.revision;
  EXPECT_EQ(call(session, 1, 0), Outcome::done);
  EXPECT_FALSE(executed_);
  EXPECT_EQ(last_.revision, revision);
  EXPECT_EQ(call(session, 2, 0), Outcome::done);
  EXPECT_FALSE(executed_);
  EXPECT_EQ(text_of(last_.previous->value), "held");
}

TEST_F(Sessions, AnAcknowledgedCallIsStale) {
  const SessionId session = open(11);
  call(session, 1, 0);
  call(session, 2, 1);
  EXPECT_EQ(call(session, 1, 0), Outcome::stale);
  EXPECT_EQ(call(session, 2, 0), Outcome::done);
  EXPECT_FALSE(executed_);
}

TEST_F(Sessions, ACallDoesNotAcknowledgeItselfOrWhatComesAfter) {
  const SessionId session = open(11);
  EXPECT_EQ(call(session, 3, 100), Outcome::done);
  EXPECT_TRUE(executed_);
  EXPECT_EQ(call(session, 3, 100), Outcome::done);
  EXPECT_FALSE(executed_);
  EXPECT_EQ(call(session, 4, 2), Outcome::done);
  EXPECT_TRUE(executed_);
}

TEST_F(Sessions, TooManyUnacknowledgedCallsAreBusyUntilTheyAreAcknowledged) {
  const SessionId session = open(11);
  for (std::uint64_t number = 1; number <= 4; ++number) call(session, number, 0);
  EXPECT_EQ(call(session, 5, 0), Outcome::busy);
  EXPECT_FALSE(executed_);
  // A busy call was not remembered: it may be sent again, and is executed when there is room.
  EXPECT_EQ(call(session, 5, 1), Outcome::done);
  EXPECT_TRUE(executed_);
}

TEST_F(Sessions, TooManyHeldBytesAreBusyToo) {
  const SessionId session = open(11);
  call(session, 1, 0, std::string(100, 'p'));
  EXPECT_EQ(call(session, 2, 0), Outcome::busy);
  EXPECT_EQ(call(session, 2, 1), Outcome::done);
}

TEST_F(Sessions, TheLongestIdleExpiresForOneTooMany) {
  const SessionId first = open(11);
  const SessionId second = open(12);
  const SessionId third = open(13);
  call(first, 1, 0);
  const SessionId fourth = open(14);
  EXPECT_EQ(table_.size(), 3U);
  EXPECT_EQ(call(second, 1, 0), Outcome::session_expired);
  EXPECT_EQ(call(first, 2, 0), Outcome::done);
  EXPECT_EQ(call(third, 1, 0), Outcome::done);
  EXPECT_EQ(call(fourth, 1, 0), Outcome::done);
}

TEST_F(Sessions, TheLongestIdleThatHoldsValuesExpiresWhenAllHoldTooMuch) {
  const SessionId idle = open(11);
  const SessionId first = open(12);
  const SessionId second = open(13);
  call(first, 1, 0, std::string(90, 'p'));
  call(second, 1, 0, std::string(90, 'p'));
  call(first, 2, 0);
  // What is acknowledged is held no longer.
  call(second, 2, 1, std::string(90, 'p'));
  EXPECT_EQ(table_.size(), 3U);
  call(first, 3, 0, std::string(71, 'p'));
  EXPECT_EQ(call(second, 2, 1), Outcome::session_expired);
  EXPECT_EQ(call(idle, 1, 0), Outcome::done);
  EXPECT_EQ(call(first, 3, 0), Outcome::done);
  EXPECT_FALSE(executed_);
  // One that alone holds more than that goes on, until another one has something to keep.
  call(idle, 2, 0, std::string(300, 'p'));
  EXPECT_EQ(table_.size(), 1U);
  EXPECT_EQ(call(idle, 2, 0), Outcome::done);
  EXPECT_FALSE(executed_);
}

TEST_F(Sessions, RowsBringBackWhoExpiresFirstOfThoseThatHoldValues) {
  storage::MemoryImage image;
  storage::MemoryStore store(image);
  const SessionId first = open(11);
  const SessionId second = open(12);
  call(first, 1, 0, std::string(90, 'p'));
  call(second, 1, 0, std::string(90, 'p'));
  call(first, 2, 0);
  StagedChanges changes;
  table_.stage(changes);
  changes.changes().applied = at_;
  ASSERT_TRUE(store.apply(changes.changes()).has_value());

  table_ = SessionTable(SessionLimits{3, 4, 100, 250});
  ASSERT_TRUE(table_.load(*store.snapshot()).has_value());
  call(open(13), 1, 0, std::string(71, 'p'));
  EXPECT_EQ(call(second, 2, 0), Outcome::session_expired);
  EXPECT_EQ(call(first, 1, 0), Outcome::done);
  EXPECT_FALSE(executed_);
  StagedChanges later;
  table_.stage(later);
  EXPECT_EQ(std::ranges::count_if(later.changes().changes,
                                  [](const storage::Change& change) { return !change.row; }),
            1);
}

TEST_F(Sessions, ExpireEndsThoseWhoseLastCallIsOlderThanTheCutoff) {
  const SessionId first = open(11, 100);
  const SessionId second = open(12, 200);
  EXPECT_EQ(table_.oldest_activity(), GroupClock(100));
  table_.expire(GroupClock(200));
  EXPECT_EQ(table_.size(), 1U);
  EXPECT_EQ(call(first, 1, 0), Outcome::session_expired);
  EXPECT_EQ(call(second, 1, 0), Outcome::done);
  // The nonce is free again, so a late copy of the registration makes a new session.
  EXPECT_NE(open(11, 300), first);
}

TEST_F(Sessions, ARowIsStagedOnceForManyCalls) {
  const SessionId session = open(11);
  open(12);
  StagedChanges changes;
  table_.stage(changes);
  EXPECT_EQ(changes.changes().changes.size(), 2U);
  changes.clear();
  call(session, 1, 0);
  call(session, 2, 0);
  table_.stage(changes);
  EXPECT_EQ(changes.changes().changes.size(), 1U);
  changes.clear();
  table_.stage(changes);
  EXPECT_TRUE(changes.changes().changes.empty());
}

TEST_F(Sessions, RowsBringBackEverySessionInTheOrderOfActivity) {
  storage::MemoryImage image;
  storage::MemoryStore store(image);
  const SessionId first = open(11);
  const SessionId second = open(12);
  call(second, 1, 0, "held");
  call(first, 1, 0);
  StagedChanges changes;
  table_.stage(changes);
  changes.changes().applied = at_;
  ASSERT_TRUE(store.apply(changes.changes()).has_value());

  SessionTable loaded(SessionLimits{2, 4, 100, 250});
  ASSERT_TRUE(loaded.load(*store.snapshot()).has_value());
  const auto repeated =
      loaded.admit({second, CallNumber(1), {}, erase("k")}, Index(50), GroupClock(50));
  EXPECT_EQ(text_of(std::get<AnswerWith>(repeated).reply.previous->value), "held");
  // `second` has just been active, so `first` makes room.
  (void)loaded.open(Nonce(14), Index(51), GroupClock(51));
  const auto gone = loaded.admit({first, CallNumber(1), {}, erase("k")}, Index(52), GroupClock(52));
  EXPECT_EQ(std::get<AnswerWith>(gone).reply.outcome, Outcome::session_expired);
}

TEST_F(Sessions, AMalformedRowIsRefused) {
  Session session;
  session.id = SessionId(5);
  session.nonce = Nonce(6);
  session.replies.push_back(
      {CallNumber(1), Revision(2), Outcome::done, CachedReply::Held{Revision(1), Bytes(3)}});
  const Bytes key = session_key(session.id);
  const Bytes row = encode(session);
  EXPECT_TRUE(decode_session({key, {Revision(2), row}}).has_value());
  for (std::size_t size = 0; size < row.size(); ++size)
    EXPECT_FALSE(decode_session({key, {Revision(2), ByteSpan(row).first(size)}}).has_value());
}

TEST_F(Sessions, ARowWithAnOutcomeThatThereIsNotIsRefused) {
  Session session;
  session.id = SessionId(5);
  session.replies.push_back({CallNumber(1), Revision(2), Outcome::invalid, std::nullopt});
  const Bytes key = session_key(session.id);
  Bytes row = encode(session);
  const auto is_read = [&] { return decode_session({key, {Revision(2), row}}).has_value(); };
  EXPECT_TRUE(is_read());
  // A reply is at the end: its number, its outcome, its revision, and whether it has a value.
  std::byte& outcome = row[row.size() - 10];
  std::byte& has_previous = row.back();
  outcome = std::byte{8};
  EXPECT_FALSE(is_read());
  outcome = std::byte{0};
  EXPECT_FALSE(is_read());
  outcome = std::byte{7};
  has_previous = std::byte{2};
  EXPECT_FALSE(is_read());
}

}  // namespace
}  // namespace kvstore::replica
