#include "kvstore/server/client_port.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "kvstore/server/clock.hpp"
#include "kvstore/server/listen.hpp"
#include "tests/unit/server/client_frame.hpp"

namespace kvstore::server {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using gms::model::as_bytes;
using gms::model::Bytes;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;
namespace wire = gms::wire;

/// What the port hands on.
class Handler final : public ClientPort::Handler {
 public:
  Result<api::Welcome> on_hello(const api::Hello& hello) override {
    if (!hello.group.is_none()) return Error{ErrorCode::conflict, "another group"};
    api::Welcome welcome;
    welcome.name = "n1";
    return welcome;
  }
  void on_request(const Origin& origin, const api::Request& request) override {
    origins.push_back(origin);
    body_bytes += request.body.size();
    if (port == nullptr) return;
    const std::string body(answer_bytes, 'r');
    port->reply(origin, {origin.request, std::nullopt, {}, {}, as_bytes(body)});
  }

  void on_closed(ConnectionKey connection) override { closed.push_back(connection); }

  std::vector<Origin> origins;
  std::vector<ConnectionKey> closed;
  std::size_t body_bytes = 0;
  /// Answers at once here, if there is one.
  ReplyPort* port = nullptr;
  std::size_t answer_bytes = 0;
};

/// A client that sends any bytes it likes.
class Client {
 public:
  Client(boost::asio::io_context& context, const tcp::endpoint& server)
      : context_(context), socket_(context) {
    socket_.connect(server);
    // All that was sent is there when the server looks, not only the first frame.
    socket_.set_option(tcp::no_delay(true));
    socket_.non_blocking(true);
  }

  void send(const Bytes& bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  void hello(const api::Hello& hello = {}) {
    gms::model::ByteWriter out;
    encode(hello, out);
    send(client_frame(api::FrameType::hello, out.bytes()));
  }
  void request(std::uint64_t id, const std::string& body) {
    gms::model::ByteWriter out;
    encode(api::Request{api::RequestId(id), {}, api::RequestKind::get, as_bytes(body)}, out);
    send(client_frame(api::FrameType::request, out.bytes()));
  }

  /// Runs the server until a frame has come; nothing when the connection ended.
  std::optional<wire::Frame> next() {
    for (int turn = 0; turn < 1000; ++turn) {
      const auto frame = reader_.next();
      if (!frame) return std::nullopt;
      if (*frame) return **frame;
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(20));
      error_code error;
      const auto space = reader_.space();
      const std::size_t count =
          socket_.read_some(boost::asio::mutable_buffer(space.data(), space.size()), error);
      if (error && error != boost::asio::error::would_block) return std::nullopt;
      if (!error) reader_.received(count);
    }
    return std::nullopt;
  }

 private:
  boost::asio::io_context& context_;
  tcp::socket socket_;
  wire::FrameReader reader_;
};

class ClientPortTest : public ::testing::Test {
 protected:
  ClientPortTest() {
    auto acceptor = listen_at(context, *parse_endpoint("127.0.0.1:0"));
    server = acceptor->local_endpoint();
    port.open(*std::move(acceptor), handler);
  }
  ~ClientPortTest() override { port.stop(); }

  /// A client that has been welcomed.
  Client welcomed() {
    Client client(context, server);
    client.hello();
    const auto welcome = client.next();
    EXPECT_TRUE(welcome && welcome->type == static_cast<std::uint8_t>(api::FrameType::welcome));
    return client;
  }
  void run_until(const std::function<bool()>& done) {
    for (int turn = 0; turn < 1000 && !done(); ++turn) {
      context.restart();
      context.run_one_for(std::chrono::milliseconds(20));
    }
    EXPECT_TRUE(done());
  }
  /// Whatever is ready now, and what comes of it at once.
  void turn() {
    context.restart();
    context.run_one_for(std::chrono::milliseconds(5));
  }
  /// The most bytes of requests of so many that are taken between two turns of the group, which
  /// wants its own again and again; 30 clients send one request each.
  std::size_t most_in_a_turn(std::size_t body_bytes) {
    std::vector<Client> clients;
    for (int i = 0; i < 30; ++i) clients.push_back(welcomed());
    for (Client& client : clients) client.request(1, std::string(body_bytes, 'x'));
    std::size_t before = 0;
    std::size_t most = 0;
    const std::function<void()> has_turn = [&] {
      most = std::max(most, handler.body_bytes - before);
      before = handler.body_bytes;
      boost::asio::post(context, has_turn);
    };
    boost::asio::post(context, has_turn);
    run_until([&] { return handler.origins.size() == 30; });
    // What is left of it goes with the context, and is not called any more.
    return std::max(most, handler.body_bytes - before);
  }
  /// A client that asks so much and reads nothing, once that has been taken.
  Client asking(std::uint64_t count) {
    Client client = welcomed();
    const std::size_t before = handler.origins.size();
    for (std::uint64_t i = 1; i <= count; ++i) client.request(i, "x");
    run_until([&] { return handler.origins.size() == before + count; });
    return client;
  }
  /// Answers the request that was taken as number `which`, from 0.
  void answer(std::size_t which, const std::string& body) {
    const Origin& origin = handler.origins[which];
    port.reply(origin, {origin.request, std::nullopt, {}, {}, as_bytes(body)});
  }
  static std::optional<ErrorCode> error_of(const std::optional<wire::Frame>& frame) {
    if (!frame || frame->type != static_cast<std::uint8_t>(api::FrameType::reply))
      return std::nullopt;
    return api::decode_reply(frame->body.bytes())->error;
  }

  boost::asio::io_context context;
  ServiceLimits limits;
  std::vector<std::string> lines;
  const std::string page = std::string(1024 * 1024, 'p');
  Handler handler;
  tcp::endpoint server;
  ClientPort port{context, limits, [this](std::string_view line) { lines.emplace_back(line); }};
};

/// Descriptors that are bound to that port, and those of them that children inherit.
struct Bound {
  std::size_t all = 0;
  std::size_t inherited = 0;
};

Bound bound_to(std::uint16_t port) {
  Bound found;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) != 0) continue;
    if (own.sin_family != AF_INET || ntohs(own.sin_port) != port) continue;
    ++found.all;
    if ((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) == 0) ++found.inherited;
  }
  return found;
}

TEST_F(ClientPortTest, KeepsItsPortAndConnectionsFromProgramsThatTheServerStarts) {
  const Client client = welcomed();
  const Bound bound = bound_to(server.port());
  EXPECT_EQ(bound.all, 2u) << "the port and the connection";
  EXPECT_EQ(bound.inherited, 0u);
}

TEST_F(ClientPortTest, WelcomesAClientAndCarriesItsRequestsAndReplies) {
  Client client = welcomed();
  client.request(5, "abc");
  run_until([&] { return handler.origins.size() == 1; });
  EXPECT_EQ(handler.body_bytes, 3u);
  EXPECT_GT(port.request_bytes(), 0u);
  port.reply(handler.origins[0],
             {handler.origins[0].request, std::nullopt, {}, {}, as_bytes("out")});
  const auto frame = client.next();
  ASSERT_TRUE(frame.has_value());
  const auto reply = api::decode_reply(frame->body.bytes());
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->id, api::RequestId(5));
  EXPECT_EQ(gms::model::as_text(reply->body), "out");
  EXPECT_EQ(port.request_bytes(), 0u);
}

TEST_F(ClientPortTest, TellsAClientOfAnotherGroupAndDropsIt) {
  Client client(context, server);
  client.hello({api::kClientProtocolVersion, {1, 2}});
  EXPECT_EQ(error_of(client.next()), ErrorCode::conflict);
  EXPECT_FALSE(client.next().has_value());
  EXPECT_EQ(port.connections(), 0u);
}

TEST_F(ClientPortTest, DropsGarbageWithOneLine) {
  Client client(context, server);
  client.send(Bytes(100, std::byte{0xA5}));
  EXPECT_FALSE(client.next().has_value());
  EXPECT_EQ(port.connections(), 0u);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("dropped"), std::string::npos);
}

TEST_F(ClientPortTest, DropsEveryHelloWithAFlippedBit) {
  gms::model::ByteWriter body;
  encode(api::Hello(), body);
  const Bytes hello = client_frame(api::FrameType::hello, body.bytes());
  for (std::size_t bit = 0; bit < 8 * hello.size(); ++bit) {
    Bytes flipped = hello;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    Client client(context, server);
    client.send(flipped);
    // A length that grew makes the server wait for the rest, for a while.
    run_until([&] { return port.statistics().accepted == bit + 1; });
    port.expire(monotonic_now() + limits.handshake_time_max + std::chrono::seconds(1));
    EXPECT_FALSE(client.next().has_value()) << bit;
  }
  EXPECT_EQ(port.connections(), 0u);
}

TEST_F(ClientPortTest, DropsAWelcomedClientThatSendsAFlippedBit) {
  Client client = welcomed();
  Bytes request = client_frame(api::FrameType::request, as_bytes("not a request at all"));
  request.back() ^= std::byte{1};
  client.send(request);
  EXPECT_FALSE(client.next().has_value());
  EXPECT_TRUE(handler.origins.empty());
}

TEST_F(ClientPortTest, DropsAStrangerThatSaysNothing) {
  Client client(context, server);
  run_until([&] { return port.connections() == 1; });
  port.expire(monotonic_now());
  EXPECT_EQ(port.connections(), 1u);
  port.expire(monotonic_now() + limits.handshake_time_max + std::chrono::seconds(1));
  EXPECT_EQ(port.connections(), 0u);
}

TEST_F(ClientPortTest, TellsOneClientTooManyThatItIsBusy) {
  limits.connections_max = 1;
  Client first = welcomed();
  Client second(context, server);
  EXPECT_EQ(error_of(second.next()), ErrorCode::busy);
  EXPECT_FALSE(second.next().has_value());
  EXPECT_EQ(port.connections(), 1u);
}

TEST_F(ClientPortTest, DoesNotReadFromAClientWithTooMuchUnderWay) {
  limits.connection_bytes_max = 100;
  Client client = welcomed();
  for (std::uint64_t i = 1; i <= 8; ++i) client.request(i, std::string(50, 'x'));
  run_until([&] { return handler.origins.size() == 2; });
  context.restart();
  context.run_for(std::chrono::milliseconds(20));
  ASSERT_EQ(handler.origins.size(), 2u);
  for (std::size_t i = 0; i < 8; ++i) {
    run_until([&] { return handler.origins.size() > i; });
    port.reply(handler.origins[i], {handler.origins[i].request, std::nullopt, {}, {}, {}});
  }
  EXPECT_EQ(handler.origins.size(), 8u);
}

TEST_F(ClientPortTest, AnswersBusyPastTheBytesOfAllClients) {
  limits.request_bytes_max = 100;
  Client client = welcomed();
  client.request(1, std::string(500, 'x'));
  client.request(2, "y");
  EXPECT_EQ(error_of(client.next()), ErrorCode::busy);
  EXPECT_EQ(handler.origins.size(), 1u);
  EXPECT_EQ(port.statistics().shed, 1u);
  EXPECT_EQ(port.statistics().busy, 1u);
}

TEST_F(ClientPortTest, CountsWhatItsHandlerAnswersBusyToo) {
  Client client = welcomed();
  client.request(1, "x");
  client.request(2, "y");
  run_until([&] { return handler.origins.size() == 2; });
  port.reply(handler.origins[0], {handler.origins[0].request, ErrorCode::busy, {}, {}, {}});
  port.reply(handler.origins[1], {handler.origins[1].request, ErrorCode::conflict, {}, {}, {}});
  EXPECT_EQ(error_of(client.next()), ErrorCode::busy);
  EXPECT_EQ(error_of(client.next()), ErrorCode::conflict);
  EXPECT_EQ(port.statistics().busy, 1u);
  EXPECT_EQ(port.statistics().shed, 0u);
}

TEST_F(ClientPortTest, DoesNotReadFromAClientWithTooManyRequestsUnderWay) {
  limits.connection_requests_max = 3;
  Client client = welcomed();
  for (std::uint64_t i = 1; i <= 8; ++i) client.request(i, "x");
  run_until([&] { return handler.origins.size() == 3; });
  turn();
  ASSERT_EQ(handler.origins.size(), 3u);
  for (std::size_t i = 0; i < 8; ++i) {
    run_until([&] { return handler.origins.size() > i; });
    EXPECT_LE(handler.origins.size(), i + 3);
    answer(i, "");
  }
  EXPECT_EQ(handler.origins.size(), 8u);
  EXPECT_EQ(port.requests(), 0u);
}

TEST_F(ClientPortTest, AnswersBusyPastTheRequestsOfAllClients) {
  limits.requests_max = 2;
  Client first = welcomed();
  first.request(1, "x");
  first.request(2, "x");
  run_until([&] { return handler.origins.size() == 2; });
  Client second = welcomed();
  second.request(1, "y");
  EXPECT_EQ(error_of(second.next()), ErrorCode::busy);
  EXPECT_EQ(port.statistics().shed, 1u);
  answer(0, "");
  second.request(2, "y");
  run_until([&] { return handler.origins.size() == 3; });
}

TEST_F(ClientPortTest, TakesNoMoreRequestsInATurnThanTheLimitAndFromEachClientInItsTurn) {
  limits.turn_requests_max = 10;
  Client first = welcomed();
  Client second = welcomed();
  for (std::uint64_t i = 1; i <= 100; ++i) first.request(i, "1");
  for (std::uint64_t i = 1; i <= 100; ++i) second.request(i, "22");
  std::size_t most = 0;
  std::size_t others_after_half = 0;
  while (handler.origins.size() < 200 && most < 100) {
    const std::size_t before = handler.origins.size();
    turn();
    most = std::max(most, handler.origins.size() - before);
    if (others_after_half == 0 && handler.origins.size() >= 100)
      others_after_half = handler.body_bytes - handler.origins.size();
  }
  EXPECT_EQ(handler.origins.size(), 200u);
  // One more of each client that the turn was too short for.
  EXPECT_LE(most, 12u);
  EXPECT_GT(others_after_half, 30u);
  EXPECT_LT(others_after_half, 70u);
}

TEST_F(ClientPortTest, ReadsNoMoreBytesInATurnThanTheLimitFromAllClients) {
  limits.turn_request_bytes_max = 120'000;
  EXPECT_LE(most_in_a_turn(60'000), 240'000U);
}

TEST_F(ClientPortTest, TakesALargeRequestForTwiceItsBytesInATurn) {
  // It is read, and moved once to make room, for less than this.
  limits.turn_request_bytes_max = 200'000;
  EXPECT_LT(most_in_a_turn(70'000), 140'000U) << "one in a turn, not two";
}

TEST_F(ClientPortTest, DropsAClientThatDoesNotTakeItsReplies) {
  limits.reply_bytes_max = 8 * 1024 * 1024;
  const Client client = asking(40);
  for (std::size_t i = 0; i < 40 && port.connections() == 1; ++i) {
    answer(i, page);
    turn();
  }
  EXPECT_EQ(port.connections(), 0u);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(port.reply_bytes(), 0u);
}

TEST_F(ClientPortTest, HasNoRoomForAClientThatTakesTooLittle) {
  limits.reply_bytes_max = 64 * 1024 * 1024;
  const Client client = asking(40);
  const ConnectionKey key = handler.origins[0].connection;
  std::size_t answered = 0;
  for (; answered < 40 && port.has_room(key); ++answered) answer(answered, page);
  EXPECT_EQ(answered, 32u) << "with their heads they are more than half";
  EXPECT_GT(port.reply_bytes(), limits.reply_bytes_max / 2);
}

TEST_F(ClientPortTest, SaysWhichClientIsGone) {
  auto client = std::make_unique<Client>(asking(1));
  const Client other = asking(1);
  const ConnectionKey key = handler.origins[0].connection;
  EXPECT_TRUE(port.is_open(key));
  EXPECT_TRUE(handler.closed.empty());
  client.reset();
  run_until([&] { return !handler.closed.empty(); });
  EXPECT_EQ(handler.closed, std::vector{key});
  EXPECT_FALSE(port.is_open(key));
  EXPECT_TRUE(port.is_open(handler.origins[1].connection));
}

TEST_F(ClientPortTest, HasRoomPastHalfOfAllRepliesForThoseOnlyThatTookTheirs) {
  limits.all_reply_bytes_max = 20 * 1024 * 1024;
  const Client slow = asking(15);
  const Client other = asking(1);
  for (std::size_t i = 0; i < 15; ++i) answer(i, page);
  EXPECT_FALSE(port.has_room(handler.origins[0].connection));
  EXPECT_TRUE(port.has_room(handler.origins[15].connection));
}

TEST_F(ClientPortTest, DropsThoseWithMostPastTheRepliesOfAllClients) {
  limits.all_reply_bytes_max = 20 * 1024 * 1024;
  const Client slow = asking(30);
  const Client other = asking(10);
  for (std::size_t i = 0; i < 40; ++i) answer(i, page);
  EXPECT_FALSE(port.has_room(handler.origins[30].connection));
  run_until([&] { return port.connections() == 1; });
  EXPECT_LE(port.reply_bytes(), 10u * page.size() + 1024);
  EXPECT_TRUE(port.has_room(handler.origins[30].connection) ||
              port.reply_bytes() > limits.all_reply_bytes_max / 2);
}

TEST_F(ClientPortTest, DropsAClientThatTakesNothingForLong) {
  const Client client = asking(20);
  for (std::size_t i = 0; i < 20; ++i) answer(i, page);
  turn();
  port.expire(monotonic_now() + limits.reply_time_max / 2);
  EXPECT_EQ(port.connections(), 1u);
  port.expire(monotonic_now() + 2 * limits.reply_time_max);
  EXPECT_EQ(port.connections(), 0u);
  EXPECT_EQ(port.reply_bytes(), 0u);
}

TEST_F(ClientPortTest, DropsThoseWhoseIncompleteRequestsAreLargeAndNobodyElse) {
  limits.request_bytes_max = 100'000;
  Client modest = welcomed();
  const Bytes request = client_frame(api::FrameType::request, as_bytes(std::string(90'000, 'x')));
  modest.send(Bytes(request.begin(), request.begin() + 10));
  std::vector<Client> greedy;
  for (int i = 0; i < 3; ++i) {
    greedy.push_back(welcomed());
    greedy.back().send(Bytes(request.begin(), request.end() - 1));
  }
  for (int i = 0; i < 50; ++i) turn();
  port.expire(monotonic_now());
  EXPECT_EQ(port.connections(), 2u);
  modest.send(Bytes(request.begin() + 10, request.end()));
  EXPECT_FALSE(modest.next().has_value()) << "what it sent is no request";
  EXPECT_EQ(port.connections(), 1u);
}

// What is written at the stop makes room for the next requests, which must not be taken any more.
TEST_F(ClientPortTest, StopsWhileAClientHasRequestsThatWaitForRoom) {
  limits.reply_bytes_max = 4096;
  Client client = welcomed();
  handler.port = &port;
  handler.answer_bytes = 2000;
  for (std::uint64_t i = 1; i <= 64; ++i) client.request(i, "x");
  run_until([&] { return !handler.origins.empty(); });
  const std::size_t taken = handler.origins.size();
  ASSERT_LT(taken, 64u);
  port.stop();
  EXPECT_EQ(handler.origins.size(), taken);
  for (std::size_t i = 0; i < taken; ++i) EXPECT_TRUE(client.next().has_value()) << i;
  EXPECT_FALSE(client.next().has_value());
  port.stop();
  EXPECT_EQ(handler.origins.size(), taken);
}

TEST_F(ClientPortTest, GivesARepliesOfAGoneClientToNobody) {
  {
    Client client = welcomed();
    client.request(1, "x");
    run_until([&] { return handler.origins.size() == 1; });
  }
  run_until([&] { return port.connections() == 0; });
  Client next = welcomed();
  port.reply(handler.origins[0], {api::RequestId(1), std::nullopt, {}, {}, {}});
  EXPECT_EQ(port.request_bytes(), 0u);
  next.request(2, "y");
  run_until([&] { return handler.origins.size() == 2; });
  port.reply(handler.origins[1], {api::RequestId(2), std::nullopt, {}, {}, {}});
  const auto frame = next.next();
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(api::decode_reply(frame->body.bytes())->id, api::RequestId(2));
}

}  // namespace
}  // namespace kvstore::server
