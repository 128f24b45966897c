#include "tests/faults/client_flood.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "gms/net/address.hpp"
#include "gms/net/socket.hpp"
#include "gms/wire/frame.hpp"
#include "kvstore/api/client_protocol.hpp"
#include "kvstore/api/query.hpp"

namespace tests::faults {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using gms::model::Bytes;
using gms::model::ByteWriter;
using gms::net::kAwait;
namespace api = kvstore::api;
namespace asio = boost::asio;
namespace wire = gms::wire;

/// Bytes of a request that is large.
constexpr std::size_t kLargeBytes = 16 * 1024 * 1024;
/// Bytes of small requests that are sent in one go.
constexpr std::size_t kManyBytes = 64 * 1024;
/// Between two bytes, and before another attempt.
constexpr auto kBytePause = 200ms;
constexpr auto kRetryPause = 300ms;

Bytes frame(api::FrameType type, const ByteWriter& body) {
  wire::FrameWriter frames;
  frames.add(static_cast<std::uint8_t>(type), body.bytes());
  Bytes bytes;
  const auto parts = frames.parts();
  for (std::size_t i = 0; i < parts.count; ++i)
    bytes.insert(bytes.end(), parts.spans[i].begin(), parts.spans[i].end());
  return bytes;
}

Bytes hello() {
  ByteWriter body;
  encode(api::Hello{}, body);
  return frame(api::FrameType::hello, body);
}

Bytes request(api::RequestKind kind, gms::model::ByteSpan content) {
  ByteWriter body;
  encode(api::Request{api::RequestId(1), 1000ms, kind, content}, body);
  return frame(api::FrameType::request, body);
}

Bytes get_request(const std::string& key) {
  ByteWriter query;
  encode(api::GetQuery{{}, gms::model::as_bytes(key)}, query);
  return request(api::RequestKind::get, query.bytes());
}

/// Many at a time: who sends them one by one is kept busy by that itself.
Bytes many_get_requests(const std::string& key) {
  const Bytes one = get_request(key);
  Bytes all;
  while (all.size() < kManyBytes) all.insert(all.end(), one.begin(), one.end());
  return all;
}

/// A write whose command is none.
Bytes large_nonsense() {
  return request(api::RequestKind::write, Bytes(kLargeBytes, std::byte{0xAA}));
}

}  // namespace

struct ClientFlood::Visitor {
  Visitor(asio::io_context& context, Habit its_habit, tcp::endpoint where)
      : habit(its_habit), endpoint(std::move(where)), socket(context), timer(context) {}

  Habit habit;
  tcp::endpoint endpoint;
  tcp::socket socket;
  asio::steady_timer timer;
};

ClientFlood::ClientFlood(std::vector<std::string> addresses, const std::string& key)
    : addresses_(std::move(addresses)),
      greeting_(hello()),
      questions_(many_get_requests(key)),
      nonsense_(large_nonsense()),
      work_(asio::make_work_guard(context_)),
      thread_([this] { context_.run(); }) {}

ClientFlood::~ClientFlood() {
  stop();
}

void ClientFlood::add(Habit habit, int count) {
  asio::post(context_, [this, habit, count] {
    for (int i = 0; i < count; ++i) {
      const auto address =
          gms::net::parse_address(addresses_[visitors_.size() % addresses_.size()]);
      const tcp::endpoint endpoint(asio::ip::make_address(address->host), address->port);
      visitors_.push_back(std::make_shared<Visitor>(context_, habit, endpoint));
      asio::co_spawn(context_, visit_again_and_again(this, visitors_.back()), asio::detached);
    }
  });
}

ClientFlood::Counts ClientFlood::counts() const {
  const std::lock_guard held(lock_);
  return counts_;
}

void ClientFlood::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    stopping_ = true;
    for (const auto& visitor : visitors_) {
      gms::net::close(visitor->socket);
      visitor->timer.cancel();
    }
  });
  work_.reset();
  thread_.join();
}

asio::awaitable<void> ClientFlood::visit_again_and_again(ClientFlood* self,
                                                         std::shared_ptr<Visitor> visitor) {
  while (!self->stopping_) {
    co_await self->visit(visitor);
    gms::net::close(visitor->socket);
    if (self->stopping_) break;
    visitor->timer.expires_after(kRetryPause);
    co_await visitor->timer.async_wait(kAwait);
  }
}

asio::awaitable<void> ClientFlood::visit(std::shared_ptr<Visitor> visitor) {
  // From an address of their own: the ports that they leave behind are not to be in the way of
  // those who listen.
  boost::system::error_code ignored;
  visitor->socket.open(tcp::v4(), ignored);
  const int on = 1;
  ::setsockopt(visitor->socket.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
               sizeof on);
  visitor->socket.bind({asio::ip::make_address("127.0.0.9"), 0}, ignored);
  const auto [error] = co_await visitor->socket.async_connect(visitor->endpoint, kAwait);
  if (error || stopping_) co_return;
  {
    const std::lock_guard held(lock_);
    ++counts_.connected;
  }
  co_await behave(visitor);
  const std::lock_guard held(lock_);
  if (!stopping_) ++counts_.ended;
}

asio::awaitable<void> ClientFlood::behave(std::shared_ptr<Visitor> visitor) {
  if (visitor->habit == Habit::trickles_hello) {
    co_await trickle(visitor, greeting_);
    co_return;
  }
  const asio::const_buffer buffer(greeting_.data(), greeting_.size());
  const auto [error, count] = co_await asio::async_write(visitor->socket, buffer, kAwait);
  if (error) co_return;
  switch (visitor->habit) {
    case Habit::asks_and_does_not_read: co_await send_again_and_again(visitor, questions_); break;
    case Habit::trickles_request: co_await trickle(visitor, nonsense_); break;
    case Habit::sends_large_nonsense: co_await ask_and_wait(visitor, nonsense_); break;
    case Habit::idle:
    case Habit::trickles_hello: co_await wait_for_end(visitor); break;
  }
}

asio::awaitable<void> ClientFlood::send_again_and_again(std::shared_ptr<Visitor> visitor,
                                                        gms::model::ByteSpan bytes) {
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  while (!stopping_) {
    const auto [error, count] = co_await asio::async_write(visitor->socket, buffer, kAwait);
    if (error) co_return;
  }
}

asio::awaitable<void> ClientFlood::trickle(std::shared_ptr<Visitor> visitor,
                                           gms::model::ByteSpan bytes) {
  for (std::size_t at = 0; at < bytes.size() && !stopping_; ++at) {
    const asio::const_buffer buffer(bytes.data() + at, 1);
    const auto [error, count] = co_await asio::async_write(visitor->socket, buffer, kAwait);
    if (error) co_return;
    visitor->timer.expires_after(kBytePause);
    co_await visitor->timer.async_wait(kAwait);
  }
}

asio::awaitable<void> ClientFlood::ask_and_wait(std::shared_ptr<Visitor> visitor,
                                                gms::model::ByteSpan bytes) {
  wire::FrameReader reader;
  const auto welcome = co_await gms::net::read_frame(&visitor->socket, &reader);
  if (!welcome) co_return;
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  while (!stopping_) {
    const auto [error, count] = co_await asio::async_write(visitor->socket, buffer, kAwait);
    if (error) co_return;
    const auto reply = co_await gms::net::read_frame(&visitor->socket, &reader);
    if (!reply) co_return;
    // It stays, so that what is kept for it is seen.
    visitor->timer.expires_after(kRetryPause);
    co_await visitor->timer.async_wait(kAwait);
  }
}

asio::awaitable<void> ClientFlood::wait_for_end(std::shared_ptr<Visitor> visitor) {
  std::array<std::byte, 512> ignored;
  const asio::mutable_buffer buffer(ignored.data(), ignored.size());
  while (!stopping_) {
    const auto [error, count] = co_await visitor->socket.async_read_some(buffer, kAwait);
    if (error) co_return;
  }
}

void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace tests::faults
