#include "kvstore/api/command.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kvstore/api/command_reply.hpp"
#include "kvstore/api/limits.hpp"

namespace kvstore::api {
namespace {

using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::ErrorCode;

Bytes encoded(const Command& command) {
  ByteWriter out;
  encode(command, out);
  return out.take();
}

Call call_of(Operation operation) {
  return {SessionId(7), CallNumber(3), CallNumber(2), std::move(operation)};
}

std::vector<Command> samples() {
  return {
      call_of(Put{as_bytes("key"), as_bytes("value"), Always{}, Previous::unwanted}),
      call_of(Put{as_bytes("key"), {}, IfAbsent{}, Previous::wanted}),
      call_of(Put{as_bytes("k"), as_bytes("v"), IfRevision{Revision(9)}, Previous::unwanted}),
      call_of(Put{as_bytes("k"), as_bytes("v"), IfValue{as_bytes("old")}, Previous::wanted}),
      call_of(Erase{as_bytes("key"), Always{}, Previous::unwanted}),
      call_of(Erase{as_bytes("key"), IfValue{as_bytes("old")}, Previous::wanted}),
      RegisterSession{Nonce(5)},
      ExpireSessions{gms::model::GroupClock(77)},
      TakeDigest{DigestDepth::rolling},
      TakeDigest{DigestDepth::deep},
  };
}

TEST(Command, EncodingIsReversedByDecoding) {
  for (const Command& sample : samples()) {
    const Bytes bytes = encoded(sample);
    const auto decoded = decode_command(bytes);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->index(), sample.index());
    EXPECT_EQ(encoded(*decoded), bytes);
  }
}

TEST(Command, APutKeepsAllItsParts) {
  const Bytes bytes = encoded(samples()[3]);
  const auto decoded = decode_command(bytes);
  ASSERT_TRUE(decoded.has_value());
  const auto& call = std::get<Call>(*decoded);
  EXPECT_EQ(call.session, SessionId(7));
  EXPECT_EQ(call.number, CallNumber(3));
  EXPECT_EQ(call.acknowledged, CallNumber(2));
  const auto& put = std::get<Put>(call.operation);
  EXPECT_EQ(as_text(put.key), "k");
  EXPECT_EQ(as_text(put.value), "v");
  EXPECT_EQ(as_text(std::get<IfValue>(put.condition).value), "old");
  EXPECT_EQ(put.previous, Previous::wanted);
}

TEST(Command, DecodedBytesAreBorrowedNotCopied) {
  const Bytes bytes = encoded(samples()[0]);
  const auto decoded = decode_command(bytes);
  const auto& put = std::get<Put>(std::get<Call>(*decoded).operation);
  EXPECT_GE(put.value.data(), bytes.data());
  EXPECT_LE(put.value.data() + put.value.size(), bytes.data() + bytes.size());
}

TEST(Command, ATruncationNeverDecodesToTheSameCommand) {
  for (const Command& sample : samples()) {
    const Bytes bytes = encoded(sample);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // The value of a put is the rest of the bytes, so a cut in it is another, shorter put.
      const auto decoded = decode_command(ByteSpan(bytes).first(size));
      if (decoded) {
        EXPECT_EQ(encoded(*decoded).size(), size);
      }
    }
  }
}

TEST(Command, ByteAfterTheEndIsRefused) {
  for (const Command& sample : samples()) {
    if (const auto* call = std::get_if<Call>(&sample);
        call != nullptr && std::holds_alternative<Put>(call->operation))
      continue;
    Bytes bytes = encoded(sample);
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(decode_command(bytes).has_value());
  }
}

TEST(Command, RandomBytesNeverCrashAndDecodeOnlyToThemselves) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200'000; ++round) {
    Bytes bytes(random() % 64);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 5);
    const auto decoded = decode_command(bytes);
    if (decoded) {
      EXPECT_EQ(encoded(*decoded), bytes);
    }
  }
}

TEST(Command, LimitsAreTakenAtTheirEdgeAndRefusedPastIt) {
  const std::string key(kKeyBytesMax, 'k');
  const std::string value(kValueBytesMax, 'v');
  const auto put_of = [](std::string_view k, std::string_view v) {
    return encoded(call_of(Put{as_bytes(k), as_bytes(v), Always{}, Previous::unwanted}));
  };
  EXPECT_TRUE(decode_command(put_of(key, value)).has_value());
  const auto long_key = decode_command(put_of(key + "k", ""));
  ASSERT_FALSE(long_key.has_value());
  EXPECT_EQ(long_key.error().code, ErrorCode::too_large);
  EXPECT_NE(long_key.error().detail.find("65536"), std::string::npos);
  const auto long_value = decode_command(put_of("k", value + "v"));
  ASSERT_FALSE(long_value.has_value());
  EXPECT_EQ(long_value.error().code, ErrorCode::too_large);
  EXPECT_EQ(decode_command(put_of("", "v")).error().code, ErrorCode::invalid_argument);
}

TEST(Command, ACallNeedsASessionAndANumber) {
  Call call = call_of(Erase{as_bytes("key"), Always{}, Previous::unwanted});
  call.number = CallNumber();
  EXPECT_EQ(decode_command(encoded(call)).error().code, ErrorCode::invalid_argument);
  call.number = CallNumber(1);
  call.session = SessionId();
  EXPECT_EQ(decode_command(encoded(call)).error().code, ErrorCode::invalid_argument);
}

TEST(CommandReply, EncodingIsReversedByDecoding) {
  const std::vector<CommandReply> replies = {
      {Outcome::done, Revision(12), std::nullopt},
      {Outcome::condition_failed, Revision(3), Versioned{Revision(3), as_bytes("held")}},
      {Outcome::done, Revision(12), Versioned{Revision(3), {}}},
      {Outcome::busy, {}, std::nullopt},
  };
  for (const CommandReply& reply : replies) {
    ByteWriter out;
    encode(reply, out);
    const auto decoded = decode_command_reply(out.bytes());
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->outcome, reply.outcome);
    EXPECT_EQ(decoded->revision, reply.revision);
    ASSERT_EQ(decoded->previous.has_value(), reply.previous.has_value());
    if (reply.previous) {
      EXPECT_EQ(as_text(decoded->previous->value), as_text(reply.previous->value));
    }
  }
}

TEST(CommandReply, APlainOneHasTheSizeThatIsTold) {
  ByteWriter out;
  encode(CommandReply{Outcome::done, Revision(12), std::nullopt}, out);
  EXPECT_EQ(out.bytes().size(), kPlainReplyBytes);
  for (std::size_t size = 0; size < kPlainReplyBytes; ++size)
    EXPECT_FALSE(decode_command_reply(ByteSpan(out.bytes()).first(size)).has_value());
}

}  // namespace
}  // namespace kvstore::api
