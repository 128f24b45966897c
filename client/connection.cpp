#include "client/connection.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <exception>
#include <span>
#include <utility>

#include "client/address.hpp"
#include "kvstore/api/limits.hpp"

namespace client {
namespace {

namespace asio = boost::asio;
namespace api = kvstore::api;
using boost::system::error_code;
using gms::model::as_text;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::wire::FrameWriter;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

std::string describe(const error_code& error) {
  if (error == asio::error::connection_refused) return "connection refused";
  if (error == asio::error::eof || error == asio::error::connection_reset)
    return "connection closed";
  return error.message();
}

/// Nothing if it takes a lookup.
std::optional<asio::ip::tcp::endpoint> numeric_endpoint(const HostAndPort& to) {
  error_code is_name;
  const auto host = asio::ip::make_address(to.host, is_name);
  std::uint16_t port = 0;
  const char* const end = to.port.data() + to.port.size();
  const auto [stopped_at, wrong] = std::from_chars(to.port.data(), end, port);
  if (is_name || wrong != std::errc() || stopped_at != end) return std::nullopt;
  return asio::ip::tcp::endpoint(host, port);
}

/// Programs that the application starts have no part in its connections.
void keep_from_children(asio::ip::tcp::socket& socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

}  // namespace

Connection::Connection(asio::io_context& context, std::string address, std::size_t tag,
                       ConnectionListener& listener)
    : context_(context),
      socket_(context),
      open_timer_(context),
      address_(std::move(address)),
      tag_(tag),
      listener_(&listener),
      reader_(api::kClientBodyBytesMax) {}

void Connection::start(const api::Hello& hello) {
  gms::model::ByteWriter body;
  encode(hello, body);
  writer_.add(static_cast<std::uint8_t>(api::FrameType::hello), body.bytes());
  give_up_when_late();
  asio::co_spawn(context_, converse(shared_from_this()),
                 [self = shared_from_this()](const std::exception_ptr& thrown, const Error& error) {
                   self->ended(thrown ? Error{ErrorCode::io, "out of resources"} : error);
                 });
}

void Connection::stop() {
  listener_ = nullptr;
  break_off({ErrorCode::closed, "the client has stopped"});
}

void Connection::break_off(Error error) {
  if (!broken_off_) broken_off_ = std::move(error);
  error_code ignored;
  socket_.close(ignored);
  open_timer_.cancel();
}

void Connection::give_up_when_late() {
  open_timer_.expires_after(kOpenTimeout);
  open_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->break_off({ErrorCode::unavailable, "no answer in 2 s"});
  });
}

/// Tries one after another. Returns why the last one does not do.
asio::awaitable<error_code> Connection::connect_to_one(std::shared_ptr<Connection> self,
                                                       Addresses addresses) {
  error_code refused = asio::error::host_not_found;
  for (const asio::ip::tcp::endpoint& endpoint : addresses) {
    error_code ignored;
    self->socket_.close(ignored);
    self->socket_.open(endpoint.protocol(), refused);
    if (refused) continue;
    keep_from_children(self->socket_);
    const auto [failed] = co_await self->socket_.async_connect(endpoint, kAwait);
    refused = failed;
    if (!refused || self->broken_off_) break;
  }
  co_return refused;
}

asio::awaitable<std::optional<Error>> Connection::look_up(std::shared_ptr<Connection> self,
                                                          Addresses& found) {
  const HostAndPort to = split_address(self->address_);
  // Lookups wait for each other: a number does not wait for a name that nobody answers for.
  if (const auto numeric = numeric_endpoint(to)) {
    found.push_back(*numeric);
    co_return std::nullopt;
  }
  asio::ip::tcp::resolver resolver(self->context_);
  const auto [unknown, results] = co_await resolver.async_resolve(to.host, to.port, kAwait);
  if (unknown) co_return Error{ErrorCode::unavailable, "no such host: " + unknown.message()};
  found.assign(results.begin(), results.end());
  co_return std::nullopt;
}

asio::awaitable<std::optional<Error>> Connection::connect(std::shared_ptr<Connection> self) {
  Addresses addresses;
  auto looking_up = look_up(self, addresses);
  if (auto unknown = co_await std::move(looking_up)) co_return unknown;
  if (self->broken_off_) co_return self->broken_off_;
  auto connecting = connect_to_one(self, addresses);
  const error_code refused = co_await std::move(connecting);
  if (refused) co_return Error{ErrorCode::unavailable, describe(refused)};
  error_code error;
  self->socket_.set_option(asio::ip::tcp::no_delay(true), error);
  if (!error) self->socket_.non_blocking(true, error);
  // Without it the connection serves as well, until the network fails.
  const auto limit_ms = static_cast<unsigned>(std::chrono::milliseconds(kUnconfirmedMax).count());
  ::setsockopt(self->socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms,
               sizeof limit_ms);
  if (error) co_return Error{ErrorCode::unavailable, describe(error)};
  co_return std::nullopt;
}

Connection::Outcome Connection::converse(std::shared_ptr<Connection> self) {
  auto connecting = connect(self);
  const std::optional<Error> refused = co_await std::move(connecting);
  if (refused) co_return *refused;
  self->connected_ = true;
  self->flush();
  while (!self->broken_off_) {
    const auto space = self->reader_.space();
    const auto buffer = asio::buffer(space.data(), space.size());
    const auto [error, count] = co_await self->socket_.async_read_some(buffer, kAwait);
    if (error) co_return Error{ErrorCode::unavailable, describe(error)};
    // It may have been stopped after the bytes came.
    if (self->broken_off_) break;
    self->reader_.received(count);
    if (auto failed = self->take_frames()) co_return *std::move(failed);
  }
  co_return *self->broken_off_;
}

std::optional<Error> Connection::take_frames() {
  while (true) {
    const auto frame = reader_.next();
    if (!frame) return frame.error();
    if (!*frame) break;
    if (auto failed = take(**frame)) return failed;
    if (listener_ == nullptr) return broken_off_;
  }
  listener_->read_ended();
  return std::nullopt;
}

std::optional<Error> Connection::take(const gms::wire::Frame& frame) {
  switch (static_cast<api::FrameType>(frame.type)) {
    case api::FrameType::welcome: return take_welcome(frame);
    case api::FrameType::reply: return take_reply(frame);
    default: return Error{ErrorCode::corrupt, "an answer that is not of this protocol"};
  }
}

std::optional<Error> Connection::take_welcome(const gms::wire::Frame& frame) {
  const auto welcome = api::decode_welcome(frame.body.bytes());
  if (!welcome) return welcome.error();
  if (welcome->version != api::kClientProtocolVersion)
    return Error{ErrorCode::unavailable, "speaks version " + std::to_string(welcome->version) +
                                             " of the client protocol, this is version " +
                                             std::to_string(api::kClientProtocolVersion)};
  if (open_) return Error{ErrorCode::corrupt, "a second welcome"};
  open_ = true;
  open_timer_.cancel();
  return listener_->opened(*this, *welcome);
}

std::optional<Error> Connection::take_reply(const gms::wire::Frame& frame) {
  const auto reply = api::decode_reply(frame.body.bytes());
  if (!reply) return reply.error();
  // What a server says of the connection itself, before it closes that.
  if (reply->id == api::RequestId())
    return Error{reply->error.value_or(ErrorCode::closed), std::string(as_text(reply->body))};
  if (!open_) return Error{ErrorCode::corrupt, "a reply before the welcome"};
  listener_->replied(*this, *reply);
  return std::nullopt;
}

void Connection::ended(const Error& error) {
  break_off(error);
  if (auto* listener = std::exchange(listener_, nullptr)) listener->closed(*this, *broken_off_);
}

void Connection::queue(const api::Request& head, const gms::model::Payload& body) {
  head_.clear();
  encode_head(head, head_);
  writer_.begin(static_cast<std::uint8_t>(api::FrameType::request));
  writer_.put(head_.bytes());
  writer_.put(body);
  writer_.end();
}

void Connection::queue(const api::Request& request) {
  head_.clear();
  encode_head(request, head_);
  writer_.begin(static_cast<std::uint8_t>(api::FrameType::request));
  writer_.put(head_.bytes());
  writer_.put(request.body);
  writer_.end();
}

void Connection::flush() {
  if (!connected_ || broken_off_ || waits_for_room_) return;
  while (!writer_.empty()) {
    const FrameWriter::Parts parts = writer_.parts();
    std::array<asio::const_buffer, FrameWriter::kPartsMax> buffers;
    for (std::size_t i = 0; i < parts.count; ++i)
      buffers[i] = asio::buffer(parts.spans[i].data(), parts.spans[i].size());
    error_code error;
    const std::size_t count = socket_.write_some(std::span(buffers.data(), parts.count), error);
    if (error == asio::error::would_block) return wait_for_room();
    // The pending read ends the connection, and says so to the listener.
    if (error) return break_off({ErrorCode::unavailable, describe(error)});
    writer_.consume(count);
  }
}

void Connection::wait_for_room() {
  waits_for_room_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this()](const error_code& error) {
                       self->waits_for_room_ = false;
                       if (error || self->listener_ == nullptr) return;
                       self->flush();
                       if (self->writer_.empty()) self->listener_->drained();
                     });
}

}  // namespace client
