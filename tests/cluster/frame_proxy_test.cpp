#include "tests/faults/frame_proxy.hpp"

#include <gmock/gmock.h>
#include <poll.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <optional>

#include "gms/model/bytes.hpp"
#include "gms/wire/message_codec.hpp"
#include "tests/cluster/raw_connection.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using faults::Fault;
using faults::FrameProxy;
using faults::LinkFaults;
using gms::model::Bytes;
using gms::wire::FrameReader;
using gms::wire::FrameWriter;

constexpr int kPort = 30100;

std::string at_port(int port) {
  return "127.0.0.1:" + std::to_string(port);
}

Bytes bytes_of(const FrameWriter& frames) {
  Bytes bytes;
  const auto parts = frames.parts();
  for (std::size_t i = 0; i < parts.count; ++i)
    bytes.insert(bytes.end(), parts.spans[i].begin(), parts.spans[i].end());
  return bytes;
}

/// What n1 says first.
Bytes hello() {
  gms::wire::Hello hello;
  hello.from = {gms::model::NodeId(11), gms::model::Incarnation(1)};
  hello.boot = gms::model::BootSeq(1);
  hello.address = at_port(kPort + 1);
  FrameWriter frames;
  add_hello(frames, gms::wire::PeerFrame::hello, hello);
  return bytes_of(frames);
}

Bytes frame(std::uint64_t number) {
  gms::model::ByteWriter body;
  body.u64(number);
  FrameWriter frames;
  frames.add(static_cast<std::uint8_t>(gms::wire::PeerFrame::message), body.bytes());
  return bytes_of(frames);
}

/// The end of a connection at which frames arrive.
class Receiver {
 public:
  explicit Receiver(tcp::socket socket) : socket_(std::move(socket)) {}

  /// The number in the next frame; nothing when none has come by then, or none can come any more.
  std::optional<std::uint64_t> next(std::chrono::milliseconds limit) {
    for (;;) {
      const auto frame = reader_.next();
      is_corrupt = is_corrupt || !frame;
      if (!frame) return std::nullopt;
      if (*frame)
        return gms::model::load_little_endian<std::uint64_t>((*frame)->body.bytes().data());
      pollfd wait{socket_.native_handle(), POLLIN, 0};
      if (::poll(&wait, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
      const auto space = reader_.space();
      boost::system::error_code error;
      const std::size_t count =
          socket_.read_some(boost::asio::mutable_buffer(space.data(), space.size()), error);
      has_ended = has_ended || error;
      if (error) return std::nullopt;
      reader_.received(count);
    }
  }
  std::vector<std::uint64_t> all(std::chrono::milliseconds quiet) {
    std::vector<std::uint64_t> numbers;
    while (const auto number = next(quiet)) numbers.push_back(*number);
    return numbers;
  }
  void send(const Bytes& bytes) {
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()));
  }
  [[nodiscard]] std::size_t pending_bytes() const { return reader_.pending_bytes(); }

  bool has_ended = false;
  bool is_corrupt = false;

 private:
  tcp::socket socket_;
  FrameReader reader_;
};

/// A connection from n1 to n2 through the proxy, whose other end is here.
class Proxied : public ::testing::Test {
 protected:
  void connect() {
    sender.emplace(kPort + 2);
    sender->send(hello());
    receiver.emplace(acceptor.accept());
    ASSERT_TRUE(receiver->next(5s)) << "the hello did not come";
  }
  void send(std::uint64_t first, std::uint64_t last) const {
    for (std::uint64_t number = first; number <= last; ++number) sender->send(frame(number));
  }

  boost::asio::io_context context;
  tcp::acceptor acceptor{context, {boost::asio::ip::make_address("127.0.0.1"), kPort + 12}};
  FrameProxy proxy{{{"n1", at_port(kPort + 1), at_port(kPort + 11)},
                    {"n2", at_port(kPort + 2), at_port(kPort + 12)}},
                   7};
  std::optional<RawConnection> sender;
  std::optional<Receiver> receiver;
};

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t number = first; number <= last; ++number) all.push_back(number);
  return all;
}

TEST_F(Proxied, FramesComeAsTheyWereSent) {
  connect();
  send(1, 200);
  EXPECT_EQ(receiver->all(200ms), numbers(1, 200));
  EXPECT_EQ(proxy.counts().sum(), 0U);
  EXPECT_EQ(proxy.frames("n1", "n2"), 201U);
}

TEST_F(Proxied, TheSameSeedLosesTheSameFrames) {
  connect();
  proxy.set("n1", "n2", {.lose = 300});
  send(1, 200);
  const auto came = receiver->all(200ms);
  EXPECT_TRUE(std::ranges::is_sorted(came));
  EXPECT_EQ(came.size() + proxy.counts("n1", "n2").of(Fault::lost), 200U);
  EXPECT_THAT(came.size(), ::testing::AllOf(::testing::Gt(100U), ::testing::Lt(180U)));
  EXPECT_EQ(proxy.counts("n2", "n1").sum(), 0U);
}

TEST_F(Proxied, DoubledOnesComeTwiceAndReorderedOnesLater) {
  connect();
  proxy.set("n1", "n2", {.duplicate = 200});
  send(1, 100);
  auto came = receiver->all(200ms);
  EXPECT_TRUE(std::ranges::is_sorted(came));
  EXPECT_EQ(came.size(), 100U + proxy.counts().of(Fault::duplicated));
  EXPECT_GT(proxy.counts().of(Fault::duplicated), 5U);

  proxy.set("n1", "n2", {.reorder = 200});
  send(101, 300);
  came = receiver->all(200ms);
  EXPECT_FALSE(std::ranges::is_sorted(came));
  std::ranges::sort(came);
  EXPECT_EQ(came, numbers(101, 300));
}

TEST_F(Proxied, AFlippedBitIsSeenByTheChecksum) {
  connect();
  proxy.set("n1", "n2", {.flip = 1000});
  send(1, 1);
  EXPECT_FALSE(receiver->next(300ms));
  // A bit of the length makes a frame that is longer than what came.
  EXPECT_TRUE(receiver->is_corrupt || receiver->pending_bytes() > 0);
  EXPECT_EQ(proxy.counts().of(Fault::flipped), 1U);
}

TEST_F(Proxied, ACutFrameEndsTheConnectionInItsMiddle) {
  connect();
  send(1, 5);
  EXPECT_EQ(receiver->all(200ms), numbers(1, 5));
  proxy.set("n1", "n2", {.cut = 1000});
  send(6, 6);
  EXPECT_FALSE(receiver->next(1s));
  EXPECT_TRUE(receiver->has_ended);
  EXPECT_LT(receiver->pending_bytes(), frame(6).size());
  EXPECT_TRUE(sender->is_dropped(1s));
}

TEST_F(Proxied, ABlockedDirectionHoldsWhatComesAndTheOtherGoesOn) {
  connect();
  proxy.set("n1", "n2", {.blocked = true});
  send(1, 20);
  EXPECT_THAT(receiver->all(200ms), ::testing::IsEmpty());
  receiver->send(frame(99));
  EXPECT_EQ(sender->receive(1s), frame(99));
  proxy.heal();
  EXPECT_EQ(receiver->all(200ms), numbers(1, 20));
}

TEST_F(Proxied, DelayJitterRateAndPausesBetweenBytesTakeTheirTime) {
  connect();
  const auto time_of = [this](const LinkFaults& faults, std::uint64_t first, std::uint64_t last) {
    proxy.set("n1", "n2", faults);
    const auto start = std::chrono::steady_clock::now();
    send(first, last);
    for (std::uint64_t number = first; number <= last; ++number)
      EXPECT_EQ(receiver->next(5s), number);
    return std::chrono::steady_clock::now() - start;
  };
  EXPECT_GE(time_of({.delay = 150ms}, 1, 50), 150ms);
  EXPECT_LT(time_of({.delay = 150ms, .jitter = 20ms}, 51, 100), 2s) << "delays add up";
  const auto frame_bytes = frame(1).size();
  EXPECT_GE(time_of({.bytes_per_second = 100 * frame_bytes}, 101, 140), 350ms);
  EXPECT_GE(time_of({.byte_pause = 10ms}, 141, 141), 10ms * (frame_bytes - 1));
}

TEST_F(Proxied, SidesOfAPartitionDoNotHearEachOther) {
  connect();
  proxy.partition({{"n1"}, {"n2"}});
  send(1, 1);
  receiver->send(frame(2));
  EXPECT_FALSE(receiver->next(200ms));
  EXPECT_TRUE(sender->receive(200ms).empty());
  proxy.partition({{"n1", "n2"}});
  EXPECT_EQ(receiver->next(1s), 1U);
  EXPECT_EQ(sender->receive(1s), frame(2));
}

TEST_F(Proxied, AnEndOfEitherSideReachesTheOtherAfterWhatWasSent) {
  connect();
  proxy.set("n1", "n2", {.delay = 100ms});
  send(1, 3);
  sender.reset();
  EXPECT_EQ(receiver->all(1s), numbers(1, 3));
  EXPECT_TRUE(receiver->has_ended);
  connect();
  proxy.disconnect("n2", "n1");
  EXPECT_TRUE(sender->is_dropped(1s));
  EXPECT_FALSE(receiver->next(1s));
  EXPECT_TRUE(receiver->has_ended);
}

}  // namespace
}  // namespace tests::cluster
