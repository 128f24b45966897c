#include "gms/wire/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace gms::wire {
namespace {

using model::as_bytes;
using model::as_text;
using model::Bytes;
using model::ByteSpan;
using model::ErrorCode;
using model::Payload;

Bytes all_bytes(FrameWriter& writer) {
  Bytes out;
  while (!writer.empty()) {
    const auto parts = writer.parts();
    std::size_t count = 0;
    for (std::size_t i = 0; i < parts.count; ++i) {
      out.insert(out.end(), parts.spans[i].begin(), parts.spans[i].end());
      count += parts.spans[i].size();
    }
    writer.consume(count);
  }
  return out;
}

Bytes frame_of(std::uint8_t type, std::string_view body) {
  FrameWriter writer;
  writer.add(type, as_bytes(body));
  return all_bytes(writer);
}

/// Gives the reader as many of `bytes` as it has room for; tells how many.
std::size_t feed(FrameReader& reader, ByteSpan bytes) {
  const auto space = reader.space();
  const std::size_t count = std::min(space.size(), bytes.size());
  std::copy_n(bytes.begin(), count, space.begin());
  reader.received(count);
  return count;
}

std::optional<Frame> next_frame(FrameReader& reader) {
  auto next = reader.next();
  EXPECT_TRUE(next.has_value());
  return next ? *std::move(next) : std::nullopt;
}

TEST(FrameReader, FindsFramesHoweverTheBytesAreCut) {
  FrameWriter writer;
  writer.add(7, as_bytes("first"));
  writer.add(8, {});
  writer.add(9, as_bytes(std::string(3000, 'x')));
  const Bytes stream = all_bytes(writer);
  for (const std::size_t step : {1UL, 2UL, 11UL, 12UL, 13UL, 1000UL, stream.size()}) {
    FrameReader reader;
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < stream.size();) {
      at += feed(reader, ByteSpan(stream).subspan(at, std::min(step, stream.size() - at)));
      while (auto frame = next_frame(reader)) frames.push_back(*std::move(frame));
    }
    ASSERT_EQ(frames.size(), 3U) << step;
    EXPECT_EQ(frames[0].type, 7);
    EXPECT_EQ(as_text(frames[0].body.bytes()), "first");
    EXPECT_TRUE(frames[1].body.empty());
    EXPECT_EQ(as_text(frames[2].body.bytes()), std::string(3000, 'x'));
    EXPECT_EQ(reader.pending_bytes(), 0U);
  }
}

TEST(FrameReader, BodiesThatAreKeptAreNotOverwritten) {
  FrameReader reader;
  std::vector<Frame> kept;
  const Bytes noise = frame_of(1, std::string(5000, 'n'));
  for (int i = 0; i < 100; ++i) {
    const std::string body = "keep " + std::to_string(i);
    Bytes stream = frame_of(2, body);
    stream.insert(stream.end(), noise.begin(), noise.end());
    for (std::size_t at = 0; at < stream.size();) {
      at += feed(reader, ByteSpan(stream).subspan(at));
      while (auto frame = next_frame(reader))
        if (frame->type == 2) kept.push_back(*std::move(frame));
    }
  }
  ASSERT_EQ(kept.size(), 100U);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(as_text(kept[static_cast<std::size_t>(i)].body.bytes()), "keep " + std::to_string(i));
}

TEST(FrameReader, UsesItsBufferAgainWhenNothingOfItIsKept) {
  FrameReader reader;
  const Bytes stream = frame_of(1, "heartbeat");
  const std::byte* buffer = reader.space().data();
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_EQ(reader.space().data(), buffer);
    feed(reader, stream);
    EXPECT_TRUE(next_frame(reader).has_value());
  }
}

TEST(FrameReader, GivesTheMemoryOfALargeFrameBackOnceItIsTaken) {
  FrameReader reader;
  const Bytes stream = frame_of(1, std::string(16 * 1024 * 1024, 'x'));
  for (std::size_t at = 0; at < stream.size();) at += feed(reader, ByteSpan(stream).subspan(at));
  EXPECT_TRUE(next_frame(reader).has_value());
  // The buffer that a connection waits with.
  EXPECT_LE(reader.space().size(), 64U * 1024);
}

TEST(FrameReader, MovesALargeFrameSeldomAndCountsWhatItMoves) {
  FrameReader reader;
  const Bytes stream = frame_of(1, std::string(16 * 1024 * 1024, 'x'));
  std::vector<const std::byte*> places;
  for (std::size_t at = 0; at < stream.size();) {
    const std::byte* const place = reader.space().data() - reader.pending_bytes();
    if (places.empty() || places.back() != place) places.push_back(place);
    at += feed(reader, ByteSpan(stream).subspan(at));
  }
  EXPECT_TRUE(next_frame(reader).has_value());
  // From 64 KiB to four times as much, three times, and then to all of it.
  EXPECT_EQ(places.size(), 5U);
  EXPECT_EQ(reader.moved_bytes(), (64U + 256 + 1024 + 4096) * 1024);
}

TEST(FrameReader, BodiesAreSlicesOfWhatWasReceived) {
  FrameReader reader;
  const auto space = reader.space();
  feed(reader, frame_of(1, "body"));
  const auto frame = next_frame(reader);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->body.bytes().data(), space.data() + kFrameHeaderBytes);
}

TEST(FrameReader, RefusesABodyOverTheLimitWithTheHeaderAlone) {
  const Bytes stream = frame_of(1, std::string(101, 'x'));
  FrameReader reader(100);
  feed(reader, ByteSpan(stream).first(kFrameHeaderBytes));
  const auto next = reader.next();
  ASSERT_FALSE(next.has_value());
  EXPECT_EQ(next.error().code, ErrorCode::corrupt);
  EXPECT_FALSE(reader.next().has_value());
}

TEST(FrameReader, TakesNoMemoryForALengthThatIsOnlyClaimed) {
  Bytes header = frame_of(1, "x");
  header.resize(kFrameHeaderBytes);
  model::store_little_endian(header.data(), static_cast<std::uint32_t>(kFrameBodyBytesMax));
  FrameReader reader;
  feed(reader, header);
  EXPECT_FALSE(next_frame(reader).has_value());
  std::size_t received = header.size();
  for (int i = 0; i < 40; ++i) {
    const auto space = reader.space();
    EXPECT_LE(space.size(), std::max<std::size_t>(64 * 1024, 4 * received));
    const std::size_t count = std::min<std::size_t>(space.size(), 4096);
    std::fill_n(space.begin(), count, std::byte{0});
    reader.received(count);
    received += count;
    EXPECT_FALSE(next_frame(reader).has_value());
  }
}

TEST(FrameReader, TakesTheLargestBodyAndNoLargerOne) {
  const std::string body(kFrameBodyBytesMax, 'b');
  const Bytes stream = frame_of(3, body);
  FrameReader reader;
  std::optional<Frame> frame;
  for (std::size_t at = 0; at < stream.size() && !frame;) {
    at += feed(reader, ByteSpan(stream).subspan(at));
    frame = next_frame(reader);
  }
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(as_text(frame->body.bytes()), body);

  Bytes header(stream.begin(), stream.begin() + kFrameHeaderBytes);
  model::store_little_endian(header.data(), static_cast<std::uint32_t>(kFrameBodyBytesMax + 1));
  FrameReader other;
  feed(other, header);
  EXPECT_FALSE(other.next().has_value());
}

TEST(FrameReader, NoFlippedBitGoesUnnoticed) {
  const Bytes stream = frame_of(5, "some body of some length");
  for (std::size_t bit = 0; bit < 8 * stream.size(); ++bit) {
    Bytes flipped = stream;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    FrameReader reader;
    feed(reader, flipped);
    const auto next = reader.next();
    EXPECT_TRUE(!next.has_value() || !next.value().has_value()) << "bit " << bit;
  }
}

TEST(FrameReader, DropsRandomBytesSoon) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 1000; ++round) {
    FrameReader reader;
    Bytes noise(512);
    for (auto& byte : noise) byte = static_cast<std::byte>(random());
    feed(reader, noise);
    EXPECT_FALSE(reader.next().has_value());
  }
}

TEST(FrameWriter, KeepsLargePayloadsByReferenceAndCopiesSmallOnes) {
  const Payload large = Payload::copy_of(as_bytes(std::string(5000, 'l')));
  const Payload small = Payload::copy_of(as_bytes("small"));
  FrameWriter writer;
  writer.begin(1);
  writer.put(small);
  writer.put(large);
  writer.put(small);
  writer.end();
  writer.add(2, as_bytes("next"));
  const auto parts = writer.parts();
  ASSERT_EQ(parts.count, 3U);
  EXPECT_EQ(parts.spans[1].data(), large.bytes().data());
  EXPECT_EQ(parts.spans[1].size(), large.size());
  EXPECT_NE(parts.spans[0].data(), small.bytes().data());
}

TEST(FrameWriter, WritesTheSameStreamHoweverItIsConsumedWhileMoreIsAdded) {
  std::mt19937_64 random(7);
  FrameWriter writer;
  Bytes expected;
  Bytes written;
  const auto consume = [&](std::size_t most) {
    std::size_t count = 0;
    const auto parts = writer.parts();
    for (std::size_t i = 0; i < parts.count && count < most; ++i) {
      const ByteSpan span = parts.spans[i].first(std::min(parts.spans[i].size(), most - count));
      written.insert(written.end(), span.begin(), span.end());
      count += span.size();
    }
    writer.consume(count);
  };
  for (int round = 0; round < 3000; ++round) {
    const std::string body(random() % 3000, static_cast<char>('a' + round % 26));
    const Bytes whole = frame_of(static_cast<std::uint8_t>(round), body);
    expected.insert(expected.end(), whole.begin(), whole.end());
    writer.begin(static_cast<std::uint8_t>(round));
    writer.put(Payload::copy_of(as_bytes(body)));
    writer.end();
    consume(random() % 4000);
  }
  while (!writer.empty()) consume(1000);
  EXPECT_EQ(written, expected);
}

}  // namespace
}  // namespace gms::wire
