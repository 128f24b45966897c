#include <gmock/gmock.h>

#include <random>

#include "gms/wire/message_codec.hpp"
#include "kvstore/api/client_protocol.hpp"
#include "kvstore/api/query.hpp"
#include "tests/cluster/local_group.hpp"
#include "tests/cluster/raw_connection.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using gms::model::as_bytes;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::wire::FrameWriter;
using ::testing::HasSubstr;
namespace api = kvstore::api;
namespace wire = gms::wire;

Bytes random_bytes(std::mt19937_64& random, std::size_t count) {
  Bytes bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

Bytes bytes_of(const FrameWriter& frames) {
  Bytes bytes;
  const auto parts = frames.parts();
  for (std::size_t i = 0; i < parts.count; ++i)
    bytes.insert(bytes.end(), parts.spans[i].begin(), parts.spans[i].end());
  return bytes;
}

Bytes frame(std::uint8_t type, ByteSpan body) {
  FrameWriter frames;
  frames.add(type, body);
  return bytes_of(frames);
}

/// A header that claims a body of so many bytes, and nothing behind it.
Bytes header_claiming(std::uint32_t body_bytes, std::uint8_t type) {
  ByteWriter out;
  out.u32(body_bytes);
  out.u8(wire::kFrameFormat);
  out.u8(type);
  for (int zeros = 0; zeros < 6; ++zeros) out.u8(0);
  return out.take();
}

Bytes client_hello() {
  ByteWriter body;
  encode(api::Hello{}, body);
  return frame(static_cast<std::uint8_t>(api::FrameType::hello), body.bytes());
}

Bytes get_request() {
  ByteWriter query;
  encode(api::GetQuery{{}, as_bytes("key")}, query);
  ByteWriter body;
  encode(api::Request{api::RequestId(1), 1000ms, api::RequestKind::get, query.bytes()}, body);
  return frame(static_cast<std::uint8_t>(api::FrameType::request), body.bytes());
}

/// The Hello of somebody who would like to join.
wire::Hello stranger() {
  wire::Hello hello;
  hello.from = {gms::model::NodeId(1), gms::model::Incarnation(2)};
  hello.boot = gms::model::BootSeq(1);
  hello.address = "127.0.0.1:1";
  return hello;
}

Bytes peer_hello() {
  FrameWriter frames;
  add_hello(frames, wire::PeerFrame::hello, stranger());
  return bytes_of(frames);
}

Bytes peer_message() {
  gms::core::Message message;
  message.from = stranger().from;
  message.from_boot = stranger().boot;
  FrameWriter frames;
  wire::MessageEncoder().add_to(frames, message);
  return bytes_of(frames);
}

/// One port, the two frames of a conversation over it, and how the log tells of a dropped one.
struct Port {
  int number = 0;
  Bytes hello;
  Bytes next;
  std::string logged;
};

/// A replica alone; what is sent to it may not harm it.
class BadBytes : public ::testing::Test {
 protected:
  BadBytes() {
    group.must({"put", "key", "value"});
    // The first connections take memory that the later ones use again.
    for (int round = 0; round < 20; ++round)
      for (const Port& port : ports) (void)is_dropped_after(port, random_bytes(random, 4096));
    memory_before = memory_kib();
  }

  void TearDown() override {
    EXPECT_EQ(group.must({"get", "key"}), "value\n");
    EXPECT_EQ(group.pid("n1"), process) << "it was another process that answered";
    EXPECT_LT(memory_kib(), memory_before + 4096);
    EXPECT_LT(group.log("n1").size(), 4U * 1024 * 1024) << "the log grew without bound";
  }

  [[nodiscard]] std::uint64_t memory_kib() const { return resident_bytes(process) / 1024; }

  /// Whether the connection on which these bytes came is closed soon.
  static bool is_dropped_after(const Port& port, ByteSpan bytes) {
    const RawConnection connection(port.number);
    connection.send(bytes);
    return connection.is_dropped(2s);
  }

  /// The same for bytes that follow a whole Hello and its answer.
  static bool is_dropped_when_welcome(const Port& port, ByteSpan bytes,
                                      std::chrono::milliseconds limit = 2s) {
    const RawConnection connection(port.number);
    connection.send(port.hello);
    EXPECT_FALSE(connection.receive(2s).empty()) << "it is not welcome at all";
    connection.send(bytes);
    return connection.is_dropped(limit);
  }

  [[nodiscard]] std::size_t lines_that_tell(const Port& port) const {
    const std::string log = group.log("n1");
    std::size_t count = 0;
    for (std::size_t at = log.find(port.logged); at != std::string::npos;
         at = log.find(port.logged, at + 1))
      ++count;
    return count;
  }

  const LocalGroup group{1, 25200};
  const pid_t process = group.pid("n1");
  const std::vector<Port> ports{
      {group.client_port(1), client_hello(), get_request(), " dropped: "},
      {group.peer_port(1), peer_hello(), peer_message(), "link_refused "},
  };
  std::mt19937_64 random{11};
  std::uint64_t memory_before = 0;
};

TEST_F(BadBytes, AtRandomAreDroppedWithALine) {
  for (const Port& port : ports) {
    const std::size_t lines = lines_that_tell(port);
    for (int round = 0; round < 300; ++round)
      EXPECT_TRUE(is_dropped_after(port, random_bytes(random, 12 + random() % 20'000)));
    EXPECT_EQ(lines_that_tell(port), lines + 300) << port.logged;
  }
}

TEST_F(BadBytes, ThatClaimALargeFrameTakeNoMemory) {
  for (const Port& port : ports) {
    for (const std::uint32_t claimed : {4096U, 16U << 20, 0x7FFFFFFFU, 0xFFFFFFFFU})
      EXPECT_TRUE(is_dropped_after(port, header_claiming(claimed, 1))) << claimed;
    const auto type = std::to_integer<std::uint8_t>(port.next[5]);
    EXPECT_TRUE(is_dropped_when_welcome(port, header_claiming(64U << 20, type)));
    // As large as a frame may be, and it never comes.
    std::vector<std::unique_ptr<RawConnection>> waiting;
    for (int count = 0; count < 100; ++count) {
      waiting.push_back(std::make_unique<RawConnection>(port.number));
      waiting.back()->send(port.hello);
      EXPECT_FALSE(waiting.back()->receive(2s).empty());
      waiting.back()->send(header_claiming(16U << 20, type));
    }
    EXPECT_LT(memory_kib(), memory_before + 32U * 1024);
  }
}

TEST_F(BadBytes, ThatEndTooEarlyEndTheConnection) {
  for (const Port& port : ports)
    for (std::size_t length = 0; length < port.hello.size(); ++length) {
      const RawConnection connection(port.number);
      connection.send(ByteSpan(port.hello).first(length));
      connection.end_sending();
      EXPECT_TRUE(connection.is_dropped(2s)) << length << " bytes";
    }
}

TEST_F(BadBytes, OfAHelloWithAnyBitFlippedAreDropped) {
  for (const Port& port : ports)
    for (std::size_t bit = 0; bit < port.hello.size() * 8; ++bit) {
      Bytes flipped = port.hello;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      // One that claims to be longer waits for the rest.
      const bool is_longer =
          bit < 32 && (port.hello[bit / 8] & std::byte(1U << (bit % 8))) == std::byte{};
      if (is_longer) flipped.resize(flipped.size() + 2048);
      EXPECT_TRUE(is_dropped_after(port, flipped)) << "bit " << bit << " at port " << port.number;
    }
}

TEST_F(BadBytes, AreNotWhatAWholeFrameIs) {
  for (const Port& port : ports)
    EXPECT_FALSE(is_dropped_when_welcome(port, port.next, 100ms)) << "port " << port.number;
}

TEST_F(BadBytes, OfALaterFrameWithAnyBitFlippedAreDropped) {
  for (const Port& port : ports)
    for (std::size_t bit = 32; bit < port.next.size() * 8; ++bit) {
      Bytes flipped = port.next;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      EXPECT_TRUE(is_dropped_when_welcome(port, flipped))
          << "bit " << bit << " at port " << port.number;
    }
}

TEST_F(BadBytes, AreNotWhatAKeyOrAValueOverTheLimitIs) {
  const Finished key = group.kvctl({"put", std::string(65'537, 'k'), "v"});
  EXPECT_EQ(key.exit_code, 8);
  EXPECT_THAT(key.err, HasSubstr("the key has 65537 bytes; the limit is 65536. Not applied."));
  const Finished value = group.kvctl({"put", "large"}, std::string((16U << 20) + 1, 'v'));
  EXPECT_EQ(value.exit_code, 8);
  EXPECT_THAT(value.err, HasSubstr("more than the 16777216 bytes of a value. Not applied."));
  EXPECT_EQ(group.must({"put", std::string(65'536, 'k'), "v", "-q"}), "");
}

}  // namespace
}  // namespace tests::cluster
