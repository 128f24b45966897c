#include "kvstore/replica/replica.hpp"

#include "tests/unit/kvstore/replica_fixture.hpp"

namespace kvstore::replica {
namespace {

using api::Call;
using api::CallNumber;
using api::IfAbsent;
using api::IfRevision;
using api::IfValue;
using api::Operation;
using api::Outcome;
using api::Previous;
using api::Revision;
using api::SessionId;

/// A replica and one session; every write is a call of its own, acknowledged by the next.
class OneReplica : public ::testing::Test {
 protected:
  OneReplica() { session_ = SessionId(send(api::RegisterSession{api::Nonce(1)}).revision); }

  OwnedReply send(const api::Command& command) { return send(encoded(command)); }
  OwnedReply send(Bytes command) {
    stream_.add(std::move(command));
    member_.follow(stream_);
    return member_.sink.replies.back();
  }
  Call call(Operation operation) {
    ++number_;
    return {session_, number_, number_.previous(), std::move(operation)};
  }
  OwnedReply write(Operation operation) { return send(call(std::move(operation))); }
  /// Done, by the newest command of the stream.
  void expect_done(const OwnedReply& reply) const {
    EXPECT_EQ(reply, (OwnedReply{Outcome::done, stream_.last().value(), std::nullopt}));
  }
  std::optional<std::string> value(std::string_view key) { return value_of(*member_.replica, key); }

  Stream stream_;
  storage::MemoryImage image_;
  ReplicaOnMemory member_{image_};
  SessionId session_;
  CallNumber number_;
};

OwnedReply done(Index index) {
  return {Outcome::done, index.value(), std::nullopt};
}
OwnedReply failed(std::uint64_t revision) {
  return {Outcome::condition_failed, revision, std::nullopt};
}

TEST_F(OneReplica, APutIsReadBackAndItsRevisionIsItsIndex) {
  expect_done(write(put("a", "one")));
  EXPECT_EQ(value("a"), "one");
  EXPECT_EQ(member_.replica->applied(), stream_.last());
}

TEST_F(OneReplica, AnEraseOfAnAbsentKeyChangesNothing) {
  write(put("a", "one"));
  expect_done(write(erase("a")));
  EXPECT_EQ(value("a"), std::nullopt);
  EXPECT_EQ(write(erase("a")).outcome, Outcome::not_found);
}

TEST_F(OneReplica, IfAbsentHoldsOnlyWithoutAValue) {
  expect_done(write(api::Put{as_bytes("a"), as_bytes("1"), IfAbsent{}, {}}));
  const Index first = stream_.last();
  EXPECT_EQ(write(api::Put{as_bytes("a"), as_bytes("2"), IfAbsent{}, {}}), failed(first.value()));
  EXPECT_EQ(value("a"), "1");
}

TEST_F(OneReplica, IfRevisionHoldsOnlyForTheNewestWrite) {
  const Revision first(write(put("a", "1")).revision);
  const Revision second(write(put("a", "2")).revision);
  EXPECT_EQ(write(api::Put{as_bytes("a"), as_bytes("x"), IfRevision{first}, {}}),
            failed(second.value()));
  EXPECT_EQ(write(api::Erase{as_bytes("a"), IfRevision{first}, {}}), failed(second.value()));
  expect_done(write(api::Erase{as_bytes("a"), IfRevision{second}, {}}));
  expect_done(write(api::Put{as_bytes("a"), as_bytes("3"), IfRevision{Revision()}, {}}));
}

TEST_F(OneReplica, IfValueComparesAllBytes) {
  write(put("a", "one"));
  const std::uint64_t revision = stream_.last().value();
  EXPECT_EQ(write(api::Put{as_bytes("a"), as_bytes("x"), IfValue{as_bytes("on")}, {}}),
            failed(revision));
  EXPECT_EQ(write(api::Put{as_bytes("b"), as_bytes("x"), IfValue{{}}, {}}), failed(0));
  expect_done(write(api::Put{as_bytes("a"), as_bytes("two"), IfValue{as_bytes("one")}, {}}));
}

TEST_F(OneReplica, ThePreviousValueComesWhenItIsWanted) {
  EXPECT_EQ(write(api::Put{as_bytes("a"), as_bytes("1"), {}, Previous::wanted}).previous,
            std::nullopt);
  const std::uint64_t first = stream_.last().value();
  EXPECT_EQ(write(api::Put{as_bytes("a"), as_bytes("2"), {}, Previous::wanted}).previous,
            std::pair(first, std::string("1")));
  const std::uint64_t second = stream_.last().value();
  EXPECT_EQ(write(api::Put{as_bytes("a"), as_bytes("3"), IfAbsent{}, Previous::wanted}).previous,
            std::pair(second, std::string("2")));
  EXPECT_EQ(write(api::Erase{as_bytes("a"), {}, Previous::wanted}).previous,
            std::pair(second, std::string("2")));
}

TEST_F(OneReplica, ACommandSeesThoseBeforeItInItsOwnBatch) {
  const Index before = stream_.last();
  stream_.add(call(put("a", "1")));
  stream_.add(call(api::Put{as_bytes("a"), as_bytes("2"), IfValue{as_bytes("1")}, {}}));
  stream_.add(call(api::Erase{as_bytes("a"), IfRevision{Revision(before.value() + 2)}, {}}));
  stream_.add(call(api::Put{as_bytes("a"), as_bytes("3"), IfAbsent{}, Previous::wanted}));
  member_.sink.calls = 0;
  member_.follow(stream_);
  EXPECT_EQ(member_.sink.calls, 1);
  for (std::uint64_t i = 1; i <= 4; ++i)
    EXPECT_EQ(member_.sink.replies.at(member_.sink.replies.size() - 5 + i), done(before + i)) << i;
  EXPECT_EQ(value("a"), "3");
}

TEST_F(OneReplica, ADuplicateIsAnsweredAsTheOriginalAndChangesNothing) {
  write(put("a", "0"));
  const Bytes original =
      encoded(call(api::Put{as_bytes("a"), as_bytes("1"), IfValue{as_bytes("0")}, {}}));
  const OwnedReply first = send(original);
  EXPECT_EQ(first, done(stream_.last()));
  EXPECT_EQ(send(original), first);
  // Also when the key has moved on in between, and when both copies are in one batch.
  const OwnedReply moved = send(Call{session_, number_.next(), {}, put("a", "2")});
  EXPECT_EQ(moved.outcome, Outcome::done);
  stream_.add(original);
  stream_.add(original);
  member_.follow(stream_);
  EXPECT_EQ(member_.sink.replies.end()[-1], first);
  EXPECT_EQ(member_.sink.replies.end()[-2], first);
  EXPECT_EQ(value("a"), "2");
}

TEST_F(OneReplica, AFailedConditionIsRememberedToo) {
  const Bytes original =
      encoded(call(api::Put{as_bytes("a"), as_bytes("1"), IfValue{as_bytes("0")}, {}}));
  EXPECT_EQ(send(original), failed(0));
  send(Call{session_, number_.next(), {}, put("a", "0")});
  EXPECT_EQ(send(original), failed(0));
  EXPECT_EQ(value("a"), "0");
}

TEST_F(OneReplica, AnExpiredSessionExecutesNothing) {
  stream_.clock = 5000;
  const OwnedReply expire = send(api::ExpireSessions{gms::model::GroupClock(5000)});
  EXPECT_EQ(expire.outcome, Outcome::done);
  EXPECT_EQ(member_.replica->session_count(), 0U);
  EXPECT_EQ(write(put("a", "1")).outcome, Outcome::session_expired);
  EXPECT_EQ(value("a"), std::nullopt);
}

TEST_F(OneReplica, ASessionThatIsActiveAtTheCutoffLives) {
  stream_.clock = 5000;
  write(put("a", "1"));
  EXPECT_EQ(member_.replica->oldest_activity(), gms::model::GroupClock(5000));
  send(api::ExpireSessions{gms::model::GroupClock(5000)});
  EXPECT_EQ(write(put("a", "2")).outcome, Outcome::done);
}

TEST_F(OneReplica, BytesThatAreNoCommandAreInvalidAndHarmless) {
  write(put("a", "1"));
  const api::Digest before = member_.replica->digest();
  EXPECT_EQ(send(Bytes{}).outcome, Outcome::invalid);
  EXPECT_EQ(send(Bytes(50, std::byte{0xFF})).outcome, Outcome::invalid);
  EXPECT_EQ(send(encoded(call(put("", "empty key")))).outcome, Outcome::invalid);
  EXPECT_EQ(value("a"), "1");
  EXPECT_NE(member_.replica->digest(), before);
  EXPECT_EQ(write(put("a", "2")).outcome, Outcome::done);
}

TEST_F(OneReplica, OnlyProposalsOfThisMemberAreAnsweredHere) {
  stream_.add(call(put("a", "1")));
  stream_.add(call(put("a", "2")));
  auto batch = stream_.batch(member_.replica->applied(), stream_.last());
  batch.deliveries[0].ticket = {};
  const std::size_t before = member_.sink.replies.size();
  ASSERT_TRUE(member_.replica->deliver(batch).has_value());
  EXPECT_EQ(member_.sink.replies.size(), before + 1);
  EXPECT_EQ(member_.sink.replies.back(), done(stream_.last()));
}

TEST_F(OneReplica, AMulticastPassesWithoutEffect) {
  auto batch = stream_.batch(stream_.last(), stream_.last());
  batch.deliveries.push_back({{gms::model::Epoch(1), stream_.last().next()},
                              gms::model::EntryKind::multicast,
                              {},
                              {},
                              {},
                              as_bytes("hello")});
  batch.last = stream_.last().next();
  const api::Digest before = member_.replica->digest();
  ASSERT_TRUE(member_.replica->deliver(batch).has_value());
  EXPECT_EQ(member_.replica->digest(), before);
  EXPECT_EQ(member_.replica->applied(), batch.last);
}

TEST_F(OneReplica, AViewMovesTheStoredMark) {
  gms::model::PlacedView view;
  view.position = {gms::model::Epoch(1), stream_.last() + 1};
  ASSERT_TRUE(member_.replica->install(view, Stream::mark(view.position.index)).has_value());
  EXPECT_EQ(member_.replica->stored_mark(), Stream::mark(view.position.index));
  EXPECT_EQ(member_.replica->applied(), view.position.index);
}

}  // namespace
}  // namespace kvstore::replica
