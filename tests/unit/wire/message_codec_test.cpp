#include "gms/wire/message_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace gms::wire {
namespace {

using namespace model;
using core::Message;
using core::MessageBody;

const MemberId kFrom{NodeId(11), Incarnation(12)};
const MemberId kTo{NodeId(21), Incarnation(22)};

EntryRun entries(Index first, std::size_t count, std::size_t bytes) {
  EntryRunBuilder builder;
  for (std::size_t i = 0; i < count; ++i)
    builder.append(EntryKind::command, {as_bytes(std::string(bytes, 'e'))});
  return builder.seal({{Epoch(3), first.previous()}, EntryHash(5), GroupClock(6)}, Epoch(4),
                      GroupClock(8));
}

PlacedView view() {
  View view;
  view.seq = ViewSeq(9);
  view.members = {{kFrom, "n1", "127.0.0.1:1", "info"}, {kTo, "n2", "127.0.0.1:2", ""}};
  view.up = {kTo};
  view.cause = ViewCause::down;
  view.subject = kFrom;
  return {view, {Epoch(2), Index(30)}};
}

Payload drafts() {
  EntryRunBuilder builder;
  builder.append(EntryKind::command, {as_bytes("draft")});
  builder.append(EntryKind::command, {});
  return Payload::copy_of(builder.drafts());
}

std::vector<MessageBody> one_of_each() {
  const Position position{Epoch(7), Index(8)};
  return {
      core::PreVote{Epoch(5), position, {Epoch(6), Index(2)}},
      core::PreVoteReply{Epoch(5), true},
      core::Vote{position, {Epoch(1), Index(2)}, true},
      core::VoteReply{true},
      core::Append{
          AppendId(4), {Epoch(3), Index(9)}, EntryHash(5), {entries(Index(10), 3, 20)}, Index(2)},
      core::AppendReply{AppendId(4), core::AppendVerdict::rejected, Index(1), Index(2), position,
                        Index(3), true, HeartbeatSeq(17), Epoch(6)},
      core::Heartbeat{HeartbeatSeq(5), Index(6)},
      core::HeartbeatReply{
          HeartbeatSeq(5), Index(6), Index(4), true, false,
          core::Staging{SnapshotId(8), Index(3), 77},
          core::StateReport{StateGeneration(2),
                            Index(9),
                            {{Index(3), StateDigest(4)}, {Index(5), StateDigest(6)}}}},
      core::TimeoutNow{position},
      core::Forward{Ticket(99), drafts(), std::nullopt},
      core::ForwardReply{Ticket(99), core::ForwardVerdict::busy, position, kFrom, "why"},
      core::JoinRequest{{kFrom, "n1", "127.0.0.1:5", "i"}, BootSeq(3), position, true},
      core::JoinReply{core::JoinVerdict::already, position, "detail"},
      core::NotInView{view(), ViewCause::leave},
      core::Regressed{Index(5), AppendId(6)},
      core::SnapshotOffer{
          {SnapshotId(8),
           kFrom,
           "127.0.0.1:7",
           {{position, EntryHash(3), GroupClock(4)}, view(), {{kTo, BootSeq(2), {}}}},
           1000},
          Index(7)},
      core::SnapshotReply{SnapshotId(8), core::SnapshotVerdict::failed, Index(5)},
      core::ReadIndexRequest{Ticket(12)},
      core::ReadIndexReply{Ticket(12), Index(13)},
      core::StateDiverged{StateGeneration(2), Index(14)},
  };
}

Message message_with(MessageBody body) {
  return {{0x1111, 0x2222}, kFrom, BootSeq(3), kTo, Epoch(4), std::move(body)};
}

/// The body of the one frame that a message makes.
Payload encoded(const Message& message) {
  FrameWriter writer;
  MessageEncoder().add_to(writer, message);
  FrameReader reader;
  while (!writer.empty()) {
    const ByteSpan part = writer.parts().spans[0];
    const auto space = reader.space();
    const std::size_t count = std::min(space.size(), part.size());
    std::copy_n(part.begin(), count, space.begin());
    reader.received(count);
    writer.consume(count);
  }
  auto frame = reader.next();
  EXPECT_TRUE(frame.has_value() && frame.value().has_value());
  EXPECT_EQ(frame.value()->type, static_cast<std::uint8_t>(PeerFrame::message));
  return frame.value()->body;
}

TEST(MessageCodec, EveryMessageComesBackAsItWas) {
  for (const MessageBody& body : one_of_each()) {
    const Message message = message_with(body);
    const auto decoded = decode_message(encoded(message));
    ASSERT_TRUE(decoded.has_value()) << core::name_of(body) << ": " << decoded.error().detail;
    EXPECT_EQ(decoded.value(), message) << core::name_of(body);
  }
}

TEST(MessageCodec, MoreSamplesThanAMemberTellsAreRefused) {
  core::HeartbeatReply reply;
  reply.state.samples.resize(core::kStateSamplesMax);
  EXPECT_TRUE(decode_message(encoded(message_with(reply))).has_value());
  reply.state.samples.resize(core::kStateSamplesMax + 1);
  EXPECT_FALSE(decode_message(encoded(message_with(reply))).has_value());
}

TEST(MessageCodec, AnAdminRequestComesBackAsItWas) {
  using core::AdminAction;
  for (const core::AdminRequest& request : {core::AdminRequest{AdminAction::leave, kTo, {}},
                                            {AdminAction::transfer, kTo, {}},
                                            {AdminAction::evict, kTo, {}},
                                            {AdminAction::maintenance, kTo, Duration(90'000)}}) {
    const Message message = message_with(core::Forward{Ticket(4), {}, request});
    const auto decoded = decode_message(encoded(message));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded.value(), message);
  }
}

TEST(MessageCodec, EntriesOfSeveralRunsArriveAsOneSliceOfTheFrame) {
  const EntryRun run = entries(Index(10), 6, 2000);
  const Message message = message_with(core::Append{AppendId(4),
                                                    {Epoch(3), Index(9)},
                                                    EntryHash(5),
                                                    {run.until(Index(13)), run.from(Index(13))},
                                                    Index(2)});
  const Payload body = encoded(message);
  const auto decoded = decode_message(body);
  ASSERT_TRUE(decoded.has_value());
  const auto& append = std::get<core::Append>(decoded.value().body);
  ASSERT_EQ(append.entries.size(), 1U);
  EXPECT_EQ(append.entries[0].count(), 6U);
  EXPECT_EQ(append.entries[0].head(), run.head());
  const std::byte* data = append.entries[0].encoded().bytes().data();
  EXPECT_TRUE(data > body.bytes().data() && data < body.bytes().data() + body.size());
}

TEST(MessageCodec, EveryTruncationIsCorruptOrAShorterAppend) {
  for (const MessageBody& body : one_of_each()) {
    const Payload whole = encoded(message_with(body));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto decoded = decode_message(whole.slice(0, size));
      if (!decoded) {
        EXPECT_EQ(decoded.error().code, ErrorCode::corrupt);
        continue;
      }
      EXPECT_TRUE(std::holds_alternative<core::Append>(body) ||
                  std::holds_alternative<core::Forward>(body))
          << core::name_of(body) << " cut to " << size;
    }
  }
}

TEST(MessageCodec, ByteAfterTheEndIsCorrupt) {
  for (const MessageBody& body : one_of_each()) {
    const Payload whole = encoded(message_with(body));
    Bytes longer(whole.bytes().begin(), whole.bytes().end());
    longer.push_back(std::byte{1});
    EXPECT_FALSE(decode_message(Payload::copy_of(longer)).has_value()) << core::name_of(body);
  }
}

TEST(MessageCodec, FlippedBitsNeverCrash) {
  for (const MessageBody& body : one_of_each()) {
    const Payload whole = encoded(message_with(body));
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      Bytes copy(whole.bytes().begin(), whole.bytes().end());
      copy[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      const auto decoded = decode_message(Payload::copy_of(copy));
      EXPECT_FALSE(decoded.has_value() && decoded.value() == message_with(body))
          << core::name_of(body) << " bit " << bit;
    }
  }
}

TEST(MessageCodec, RandomBodiesNeverCrash) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20'000; ++round) {
    Bytes noise(random() % 300);
    for (auto& byte : noise) byte = static_cast<std::byte>(random());
    // A known type, so that the fields are read.
    constexpr std::size_t kTypeOffset = 64;
    if (noise.size() > kTypeOffset) noise[kTypeOffset] = static_cast<std::byte>(1 + random() % 15);
    const auto decoded = decode_message(Payload::copy_of(noise));
    EXPECT_TRUE(decoded.has_value() || decoded.error().code == ErrorCode::corrupt);
  }
}

TEST(MessageCodec, EntriesThatDoNotContinueThePreviousPositionAreCorrupt) {
  const Message message = message_with(core::Append{
      AppendId(4), {Epoch(3), Index(8)}, EntryHash(5), {entries(Index(10), 1, 5)}, Index(2)});
  EXPECT_FALSE(decode_message(encoded(message)).has_value());
}

TEST(MessageCodec, ValuesWithoutAMeaningAreCorrupt) {
  core::AppendReply reply;
  reply.verdict = static_cast<core::AppendVerdict>(9);
  EXPECT_FALSE(decode_message(encoded(message_with(reply))).has_value());
  core::Forward forward;
  forward.admin = core::AdminRequest{static_cast<core::AdminAction>(0), kTo, {}};
  EXPECT_FALSE(decode_message(encoded(message_with(forward))).has_value());
  forward.admin = core::AdminRequest{static_cast<core::AdminAction>(5), kTo, {}};
  EXPECT_FALSE(decode_message(encoded(message_with(forward))).has_value());
  forward.admin = core::AdminRequest{core::AdminAction::maintenance, kTo, Duration(-1)};
  EXPECT_FALSE(decode_message(encoded(message_with(forward))).has_value());
  core::JoinRequest join;
  join.member.name = std::string(kMemberNameBytesMax + 1, 'n');
  EXPECT_FALSE(decode_message(encoded(message_with(join))).has_value());
}

TEST(Hello, ComesBackAsItWasAndEveryTruncationIsCorrupt) {
  const Hello hello{{1, 2}, kFrom, BootSeq(4), kTo, "127.0.0.1:7500"};
  FrameWriter writer;
  add_hello(writer, PeerFrame::welcome, hello);
  const ByteSpan frame = writer.parts().spans[0];
  EXPECT_EQ(frame[5], static_cast<std::byte>(PeerFrame::welcome));
  const ByteSpan body = frame.subspan(kFrameHeaderBytes);
  EXPECT_LE(body.size(), kHandshakeBytesMax);
  ASSERT_TRUE(decode_hello(body).has_value());
  EXPECT_EQ(decode_hello(body).value(), hello);
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(decode_hello(body.first(size)).has_value()) << size;
}

TEST(Refusal, IsCutToItsLimit) {
  FrameWriter writer;
  add_refusal(writer, std::string(1000, 'r'));
  const ByteSpan body = writer.parts().spans[0].subspan(kFrameHeaderBytes);
  EXPECT_EQ(decode_refusal(body).value(), std::string(kRefusalBytesMax, 'r'));
  EXPECT_FALSE(decode_refusal(Bytes(kRefusalBytesMax + 1)).has_value());
}

}  // namespace
}  // namespace gms::wire
