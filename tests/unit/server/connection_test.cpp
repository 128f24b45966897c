#include "kvstore/server/connection.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>

#include "kvstore/server/clock.hpp"
#include "kvstore/server/listen.hpp"
#include "tests/unit/server/client_frame.hpp"

namespace kvstore::server {
namespace {

using boost::asio::ip::tcp;
using gms::model::Bytes;
using gms::model::Result;

constexpr std::size_t kKiB = 1024;

class Owner final : public Connection::Owner {
 public:
  Result<api::Welcome> on_hello(const api::Hello&) override { return api::Welcome(); }
  void on_request(const Origin& origin, const api::Request&) override { origins.push_back(origin); }
  bool takes_turn(Connection&) override {
    ++asked;
    return has_turn;
  }
  void on_copied(std::size_t bytes) override { copied += bytes; }
  void on_queued(std::size_t, std::size_t) override {}
  void on_pending(std::size_t, std::size_t now) override { pending = now; }
  void on_ended(Connection&, const std::string&) override { ended = true; }

  bool has_turn = true;
  bool ended = false;
  int asked = 0;
  std::size_t copied = 0;
  std::size_t pending = 0;
  std::vector<Origin> origins;
};

/// A connection whose client has said Hello.
class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() {
    auto acceptor = listen_at(context, *parse_endpoint("127.0.0.1:0"));
    client.connect(acceptor->local_endpoint());
    connection =
        std::make_shared<Connection>(acceptor->accept(), ConnectionKey{1, 1}, limits, owner);
    connection->start(monotonic_now() + std::chrono::hours(1));
    gms::model::ByteWriter hello;
    encode(api::Hello(), hello);
    send(client_frame(api::FrameType::hello, hello.bytes()));
    run_until([&] { return owner.copied > 0; });
  }
  ~ConnectionTest() override { connection->stop(); }

  void send(gms::model::ByteSpan bytes) {
    boost::asio::write(client, boost::asio::buffer(bytes.data(), bytes.size()));
  }
  void run_until(const std::function<bool()>& done) {
    for (int turn = 0; turn < 1000 && !done(); ++turn) {
      context.restart();
      context.run_one_for(std::chrono::milliseconds(20));
    }
    EXPECT_TRUE(done());
  }
  static Bytes request(std::size_t bytes) {
    gms::model::ByteWriter out;
    const Bytes body(bytes);
    encode(api::Request{api::RequestId(1), {}, api::RequestKind::get, body}, out);
    return client_frame(api::FrameType::request, out.bytes());
  }

  boost::asio::io_context context{1};
  ServiceLimits limits;
  Owner owner;
  tcp::socket client{context};
  std::shared_ptr<Connection> connection;
};

TEST_F(ConnectionTest, ReadsNothingBeforeItsTurn) {
  owner.has_turn = false;
  owner.copied = 0;
  const int asked = owner.asked;
  send(request(10));
  run_until([&] { return owner.asked > asked; });
  EXPECT_EQ(owner.copied, 0U);
  // Nor does it ask again and again.
  context.restart();
  context.poll();
  EXPECT_EQ(owner.asked, asked + 1);
  owner.has_turn = true;
  connection->go_on();
  EXPECT_EQ(owner.origins.size(), 1U);
}

TEST_F(ConnectionTest, CountsWhatItMovesToMakeRoomAsWellAsWhatItReads) {
  owner.copied = 0;
  const Bytes large = request(4 * kKiB * kKiB);
  std::size_t sent = 0;
  while (sent < 1200 * kKiB) {
    // However the system cuts it, no read ends right before the end of the room.
    const std::size_t count = 16 * kKiB;
    send(gms::model::ByteSpan(large).subspan(sent, count));
    sent += count;
    run_until([&] { return owner.pending == sent; });
  }
  // It began with 64 KiB, and took four times as much twice, and then once more.
  EXPECT_EQ(owner.copied, sent + (64 + 256 + 1024) * kKiB);
}

TEST_F(ConnectionTest, EndsWithItsClient) {
  client.close();
  run_until([&] { return owner.ended; });
}

TEST_F(ConnectionTest, EndsWithItsClientThoughItWaitsForItsTurn) {
  owner.has_turn = false;
  const int asked = owner.asked;
  client.close();
  run_until([&] { return owner.asked > asked; });
  EXPECT_FALSE(owner.ended);
  owner.has_turn = true;
  connection->go_on();
  EXPECT_TRUE(owner.ended);
}

TEST_F(ConnectionTest, IsNotLateWhoseHelloWaitsForItsTurn) {
  auto acceptor = listen_at(context, *parse_endpoint("127.0.0.1:0"));
  tcp::socket other(context);
  other.connect(acceptor->local_endpoint());
  const auto late =
      std::make_shared<Connection>(acceptor->accept(), ConnectionKey{2, 1}, limits, owner);
  const auto deadline = monotonic_now() + std::chrono::hours(1);
  late->start(deadline);
  EXPECT_TRUE(late->is_late(deadline));
  owner.has_turn = false;
  const int asked = owner.asked;
  const std::byte some{};
  boost::asio::write(other, boost::asio::buffer(&some, 1));
  run_until([&] { return owner.asked > asked; });
  EXPECT_FALSE(late->is_late(deadline));
  late->stop();
}

}  // namespace
}  // namespace kvstore::server
