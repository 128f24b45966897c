#include <gtest/gtest.h>

#include <string>

#include "gms/net/address.hpp"
#include "gms/net/backoff.hpp"
#include "gms/net/draft_queue.hpp"
#include "gms/net/send_gate.hpp"
#include "gms/net/sync_clock.hpp"

namespace gms::net {
namespace {

using namespace std::chrono_literals;
using model::as_bytes;
using model::ErrorCode;
using model::PersistSeq;
using model::Ticket;

TEST(Backoff, ThreeAttemptsComeAtOnceThenPausesDoubleUpToTheirMaximum) {
  Backoff backoff({3, 20ms, 100ms}, 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(backoff.next(), 0ms);
  for (const auto most : {20ms, 40ms, 80ms, 100ms, 100ms}) {
    const auto pause = backoff.next();
    EXPECT_GE(pause, most / 2);
    EXPECT_LE(pause, most);
  }
  backoff.reset();
  EXPECT_EQ(backoff.next(), 0ms);
}

TEST(Backoff, MembersDoNotKnockInStep) {
  Backoff one({0, 1000ms, 1000ms}, 1);
  Backoff other({0, 1000ms, 1000ms}, 2);
  bool differ = false;
  for (int i = 0; i < 10; ++i) differ = differ || one.next() != other.next();
  EXPECT_TRUE(differ);
}

TEST(Address, IsHostAndPort) {
  EXPECT_EQ(parse_address("127.0.0.1:7500").value(), (HostPort{"127.0.0.1", 7500}));
  EXPECT_EQ(parse_address("[::1]:7").value(), (HostPort{"::1", 7}));
  EXPECT_EQ(to_string(HostPort{"::1", 7}), "[::1]:7");
  for (const char* bad : {"", ":1", "host", "host:", "host:x", "host:70000", "::1:7", "[]:1"})
    EXPECT_FALSE(parse_address(bad).has_value()) << bad;
}

TEST(DraftQueue, GathersDraftsOfAKindUnderConsecutiveTickets) {
  DraftQueue queue(1 << 20);
  const Ticket first = queue.add(DraftKind::proposal, {as_bytes("a"), as_bytes("b")}).value();
  EXPECT_EQ(queue.add(DraftKind::proposal, {as_bytes("c")}).value(), first.next());
  const Ticket multicast = queue.add(DraftKind::multicast, {as_bytes("m")}).value();
  EXPECT_EQ(queue.add(DraftKind::proposal, {}).value(), first + 2);
  EXPECT_GT(queue.take_ticket(), multicast);
  EXPECT_EQ(queue.count(), 4U);
  const DraftBatch batch = queue.take();
  EXPECT_EQ(batch.kind, DraftKind::proposal);
  EXPECT_EQ(batch.first, first);
  EXPECT_EQ(batch.drafts.count(), 3U);
  EXPECT_EQ(queue.take().kind, DraftKind::multicast);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(DraftQueue, TicketsOfALaterBatchAreLarger) {
  DraftQueue queue(1 << 20);
  const Ticket first = queue.add(DraftKind::proposal, {}).value();
  (void)queue.take();
  EXPECT_GT(queue.add(DraftKind::proposal, {}).value(), first);
}

TEST(DraftQueue, AFullBatchIsClosed) {
  DraftQueue queue(16 << 20);
  const std::string body(400'000, 'x');
  for (int i = 0; i < 5; ++i) (void)queue.add(DraftKind::proposal, {as_bytes(body)});
  EXPECT_EQ(queue.take().drafts.count(), 2U);
  EXPECT_EQ(queue.take().drafts.count(), 2U);
  EXPECT_EQ(queue.take().drafts.count(), 1U);
}

TEST(DraftQueue, RefusesWhatIsTooLargeAndWhatIsTooMuch) {
  DraftQueue queue(1000);
  const std::string large(model::kEntryPayloadBytesMax + 1, 'x');
  EXPECT_EQ(queue.add(DraftKind::proposal, {as_bytes(large)}).error().code, ErrorCode::too_large);
  EXPECT_TRUE(queue.add(DraftKind::proposal, {as_bytes(std::string(900, 'x'))}).has_value());
  EXPECT_EQ(queue.add(DraftKind::proposal, {as_bytes(std::string(900, 'x'))}).error().code,
            ErrorCode::busy);
  (void)queue.take();
  EXPECT_TRUE(queue.add(DraftKind::proposal, {as_bytes(std::string(900, 'x'))}).has_value());
}

core::Send send_after(std::uint64_t after, std::uint64_t epoch) {
  core::Send send;
  send.after = PersistSeq(after);
  send.message.epoch = model::Epoch(epoch);
  return send;
}

TEST(SendGate, ReleasesWhatIsDurableInOrderAndKeepsTheRest) {
  SendGate gate;
  EXPECT_TRUE(gate.is_open_for(PersistSeq(0)));
  EXPECT_FALSE(gate.is_open_for(PersistSeq(1)));
  gate.hold(send_after(2, 1));
  gate.hold(send_after(1, 2));
  gate.hold(send_after(3, 3));
  gate.hold(send_after(2, 4));
  std::vector<std::uint64_t> released;
  const auto release = [&](const core::Message& message) {
    released.push_back(message.epoch.value());
  };
  gate.open(PersistSeq(2), release);
  EXPECT_EQ(released, (std::vector<std::uint64_t>{1, 2, 4}));
  EXPECT_EQ(gate.size(), 1U);
  EXPECT_TRUE(gate.is_open_for(PersistSeq(2)));
  gate.open(PersistSeq(3), release);
  EXPECT_EQ(released.back(), 3U);
}

TEST(SendGate, KeepsAMessageWholeThatIsHeldForLong) {
  SendGate gate;
  core::JoinRequest request;
  request.member.name = "n2";
  request.member.peer_address = "127.0.0.1:7502";
  core::Send send = send_after(3, 1);
  send.message.body = request;
  gate.hold(send);
  std::vector<core::Message> released;
  for (const std::uint64_t seq : {1, 2, 3})
    gate.open(PersistSeq(seq), [&](const core::Message& message) { released.push_back(message); });
  ASSERT_EQ(released.size(), 1U);
  EXPECT_EQ(std::get<core::JoinRequest>(released[0].body), request);
}

core::Send acknowledgement(std::uint64_t after, std::uint64_t id, std::uint64_t match) {
  core::Send send = send_after(after, 1);
  core::AppendReply reply;
  reply.id = model::AppendId(id);
  reply.match = model::Index(match);
  send.message.body = reply;
  return send;
}

TEST(SendGate, OfAcknowledgementsThatWaitForOneOrderKeepsTheNewest) {
  SendGate gate;
  for (std::uint64_t id = 1; id <= 1000; ++id) gate.hold(acknowledgement(1, id, 7));
  EXPECT_EQ(gate.size(), 1U);
  // These stand on another order, say less, or are for somebody else.
  gate.hold(acknowledgement(2, 1001, 8));
  gate.hold(acknowledgement(2, 1002, 7));
  core::Send other = acknowledgement(2, 1003, 9);
  other.message.to.node = model::NodeId(99);
  gate.hold(other);
  std::vector<std::uint64_t> released;
  gate.open(PersistSeq(2), [&](const core::Message& message) {
    released.push_back(std::get<core::AppendReply>(message.body).id.value());
  });
  EXPECT_EQ(released, (std::vector<std::uint64_t>{1000, 1001, 1002, 1003}));
}

TEST(SyncClock, MeasuresFromTheOrderToItsDurability) {
  SyncClock clock;
  DriverStatistics statistics;
  const SyncClock::Clock::time_point start;
  clock.given(PersistSeq(1), start);
  clock.given(PersistSeq(3), start + 1ms);
  clock.durable(PersistSeq(2), start + 2ms, statistics);
  EXPECT_EQ(statistics.sync_last, 2000us);
  clock.durable(PersistSeq(3), start + 2ms, statistics);
  EXPECT_EQ(statistics.sync_last, 1000us);
  EXPECT_EQ(statistics.sync_max, 2000us);
}

}  // namespace
}  // namespace gms::net
