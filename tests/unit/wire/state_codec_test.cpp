#include "gms/wire/state_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "gms/wire/message_codec.hpp"

namespace gms::wire {
namespace {

using namespace model;

const MemberId kFrom{NodeId(11), Incarnation(12)};
const MemberId kTo{NodeId(21), Incarnation(22)};
const StateHello kHello{{1, 2}, kFrom, BootSeq(3), kTo, SnapshotId(99)};

/// What the writer holds, as frames that were received.
std::vector<Frame> frames_of(FrameWriter& writer) {
  FrameReader reader;
  std::vector<Frame> out;
  while (!writer.empty()) {
    const ByteSpan part = writer.parts().spans[0];
    const auto space = reader.space();
    const std::size_t count = std::min(space.size(), part.size());
    std::copy_n(part.begin(), count, space.begin());
    reader.received(count);
    writer.consume(count);
    for (auto next = reader.next(); next && *next; next = reader.next())
      out.push_back(**std::move(next));
  }
  return out;
}

Frame only_frame(FrameWriter& writer, PeerFrame type) {
  auto frames = frames_of(writer);
  EXPECT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames.at(0).type, static_cast<std::uint8_t>(type));
  return frames.at(0);
}

std::vector<StatePart> parts_of(std::size_t count, std::size_t name_bytes) {
  std::vector<StatePart> parts;
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = std::to_string(i);
    name.resize(name_bytes, '-');
    parts.push_back({std::move(name), i * i});
  }
  return parts;
}

TEST(StateCodec, FramesSurviveTheWay) {
  FrameWriter writer;
  add_state_hello(writer, kHello);
  const Frame hello = only_frame(writer, PeerFrame::state_hello);
  EXPECT_EQ(decode_state_hello(hello.body.bytes()).value(), kHello);

  const StatePull pull{7, 1ULL << 40, 1000};
  add_state_pull(writer, pull);
  const Frame pulled = only_frame(writer, PeerFrame::state_pull);
  EXPECT_EQ(decode_state_pull(pulled.body.bytes()).value(), pull);

  const std::string text(300'000, 'c');
  add_state_chunk(writer, {7, 1ULL << 40, Payload::copy_of(as_bytes(text))});
  const Frame framed = only_frame(writer, PeerFrame::state_chunk);
  const auto chunk = decode_state_chunk(framed.body);
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->part, 7U);
  EXPECT_EQ(chunk->offset, 1ULL << 40);
  EXPECT_EQ(as_text(chunk->bytes.bytes()), text);
  EXPECT_EQ(chunk->bytes.bytes().data() + chunk->bytes.size(),
            framed.body.bytes().data() + framed.body.size())
      << "a slice of what was received";

  add_state_refusal(writer, ErrorCode::busy, std::string(1000, 'r'));
  const Frame refused = only_frame(writer, PeerFrame::state_refusal);
  const StateRefusal refusal{ErrorCode::busy, std::string(kStateRefusalBytesMax, 'r')};
  EXPECT_EQ(decode_state_refusal(refused.body.bytes()).value(), refusal);
}

TEST(StateCodec, PartsComeInPagesAndAreThoseThatWereGiven) {
  for (const auto& parts : {parts_of(0, 0), parts_of(1, 0), parts_of(2, kStatePartNameBytesMax),
                            parts_of(kStatePartsMax, kStatePartNameBytesMax)}) {
    FrameWriter writer;
    add_state_parts(writer, parts);
    const auto frames = frames_of(writer);
    std::vector<StatePart> found;
    for (const Frame& frame : frames) {
      EXPECT_LE(frame.body.size(), kStateFrameBytesMax);
      const auto page = decode_state_parts(frame.body.bytes());
      ASSERT_TRUE(page.has_value());
      EXPECT_EQ(page->first, found.size());
      EXPECT_EQ(page->total, parts.size());
      found.insert(found.end(), page->parts.begin(), page->parts.end());
    }
    EXPECT_TRUE(found == parts);
    EXPECT_EQ(frames.size() > 1, parts.size() == kStatePartsMax);
  }
}

TEST(StateCodec, WhatAFrameOnlyClaimsIsRefused) {
  const auto page = [](std::uint32_t first, std::uint32_t total, std::uint32_t count) {
    ByteWriter out;
    out.u32(first);
    out.u32(total);
    out.u32(count);
    out.blob(as_bytes("name"));
    out.u64(5);
    return decode_state_parts(out.bytes());
  };
  EXPECT_TRUE(page(3, 4, 1).has_value());
  EXPECT_FALSE(page(4, 4, 1).has_value()) << "beyond the last part";
  EXPECT_FALSE(page(0, 4, 0).has_value()) << "a page without parts, though there are some";
  EXPECT_FALSE(page(0, kStatePartsMax + 1, 1).has_value());
  EXPECT_FALSE(page(0, kStatePartsMax, kStatePartsMax).has_value()) << "more than came";
  EXPECT_FALSE(page(5, 4, 1).has_value());

  ByteWriter long_name;
  for (const std::uint32_t field : {0U, 1U, 1U}) long_name.u32(field);
  long_name.blob(Bytes(kStatePartNameBytesMax + 1));
  long_name.u64(0);
  EXPECT_FALSE(decode_state_parts(long_name.bytes()).has_value());

  FrameWriter writer;
  add_state_pull(writer, {1, 2, 0});
  EXPECT_FALSE(decode_state_pull(frames_of(writer).at(0).body.bytes()).has_value());
  add_state_pull(writer, {1, 2, kStateChunkBytesMax + 1});
  EXPECT_FALSE(decode_state_pull(frames_of(writer).at(0).body.bytes()).has_value());
  EXPECT_FALSE(decode_state_chunk(Payload::copy_of(Bytes(12))).has_value()) << "no bytes";
  EXPECT_FALSE(
      decode_state_chunk(Payload::copy_of(Bytes(12 + kStateChunkBytesMax + 1))).has_value());
  ByteWriter refusal;
  refusal.u8(200);
  refusal.blob({});
  EXPECT_FALSE(decode_state_refusal(refusal.bytes()).has_value()) << "no such code";
}

TEST(StateCodec, CutAndRandomBytesDoNoHarm) {
  FrameWriter writer;
  add_state_hello(writer, kHello);
  add_state_pull(writer, {7, 8, 9});
  add_state_parts(writer, parts_of(20, 9));
  add_state_refusal(writer, ErrorCode::busy, "why");
  const auto frames = frames_of(writer);
  ASSERT_EQ(frames.size(), 4U);
  const auto accepts = [](std::size_t which, ByteSpan body) {
    if (which == 0) return decode_state_hello(body).has_value();
    if (which == 1) return decode_state_pull(body).has_value();
    if (which == 2) return decode_state_parts(body).has_value();
    return decode_state_refusal(body).has_value();
  };
  std::mt19937_64 random(3);
  for (std::size_t which = 0; which < frames.size(); ++which) {
    const ByteSpan whole = frames[which].body.bytes();
    EXPECT_TRUE(accepts(which, whole));
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
      EXPECT_FALSE(accepts(which, whole.first(bytes))) << which << " cut to " << bytes;
    Bytes longer(whole.begin(), whole.end());
    longer.push_back(std::byte{0});
    EXPECT_FALSE(accepts(which, longer)) << which;
    for (int round = 0; round < 2000; ++round) {
      Bytes changed(whole.begin(), whole.end());
      for (int i = 0; i < 4; ++i)
        changed[random() % changed.size()] = static_cast<std::byte>(random());
      (void)accepts(which, changed);
      (void)decode_state_chunk(Payload::copy_of(changed));
    }
  }
}

}  // namespace
}  // namespace gms::wire
