#include "gms/net/socket.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ip/address.hpp>
#include <span>
#include <string_view>

#include "gms/net/address.hpp"

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Error;
using model::ErrorCode;
using model::Result;
namespace asio = boost::asio;

namespace {

/// A host that does not acknowledge for so long is gone.
constexpr unsigned kUnacknowledgedMillisecondsMax = 10'000;

/// Congestion controls that do not pace, the better one first. A process may always have the last.
constexpr std::array<std::string_view, 2> kUnpaced{"cubic", "reno"};

/// Where the kernel's default paces what is sent, as bbr does, a timer goes off for every few
/// segments. Between processes of one host there is no queue that this would spare. It has to be
/// chosen before the socket connects: a pace that was begun is kept.
void send_unpaced(tcp::socket& socket) {
  for (const std::string_view name : kUnpaced)
    if (::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(),
                     static_cast<socklen_t>(name.size())) == 0)
      return;
}

Error connection_error(const error_code& error) {
  return {nobody_there(error) ? ErrorCode::closed : ErrorCode::io, error.message()};
}

asio::awaitable<Result<void>> connect_once(tcp::socket* socket, tcp::endpoint endpoint) {
  error_code refused;
  socket->open(endpoint.protocol(), refused);
  if (refused) co_return Error{ErrorCode::unavailable, refused.message()};
  keep_from_children(socket->native_handle());
  if (endpoint.address().is_loopback()) send_unpaced(*socket);
  const auto [error] = co_await socket->async_connect(endpoint, kAwait);
  if (error)
    co_return Error{nobody_there(error) ? ErrorCode::closed : ErrorCode::unavailable,
                    error.message()};
  error_code ignored;
  // When nobody listens at a port of the ephemeral range, the kernel may connect a socket to
  // itself.
  if (socket->local_endpoint(ignored) == socket->remote_endpoint(ignored))
    co_return Error{ErrorCode::closed, "connection refused"};
  prepare(*socket);
  co_return Result<void>();
}

}  // namespace

void prepare(tcp::socket& socket) {
  // A socket that takes no option is about to fail at its first read or write, which tells.
  error_code ignored;
  keep_from_children(socket.native_handle());
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT,
               &kUnacknowledgedMillisecondsMax, sizeof(kUnacknowledgedMillisecondsMax));
  socket.non_blocking(true, ignored);
}

void close(tcp::socket& socket) {
  error_code ignored;
  socket.close(ignored);
}

bool nobody_there(const error_code& error) {
  return error == asio::error::connection_refused || error == asio::error::connection_reset ||
         error == asio::error::eof || error == asio::error::broken_pipe;
}

asio::awaitable<Result<Endpoints>> resolve(asio::any_io_executor executor, std::string address) {
  const auto parsed = parse_address(address);
  if (!parsed) co_return parsed.error();
  error_code not_numeric;
  const auto host = asio::ip::make_address(parsed->host, not_numeric);
  if (!not_numeric) co_return Endpoints{{host, parsed->port}};
  tcp::resolver resolver(executor);
  const std::string port = std::to_string(parsed->port);
  const auto [error, found] = co_await resolver.async_resolve(parsed->host, port, kAwait);
  if (error) co_return Error{ErrorCode::unavailable, error.message()};
  co_return Endpoints(found.begin(), found.end());
}

Endpoints begun_with(Endpoints endpoints, std::uint64_t attempt) {
  if (endpoints.empty()) return endpoints;
  std::ranges::rotate(endpoints,
                      endpoints.begin() + static_cast<std::ptrdiff_t>(attempt % endpoints.size()));
  return endpoints;
}

asio::awaitable<Result<void>> connect(tcp::socket* socket, Endpoints endpoints,
                                      std::function<bool()> is_over) {
  Error failed{ErrorCode::closed, "no endpoint"};
  for (const tcp::endpoint& endpoint : endpoints) {
    if (is_over()) co_return Error{ErrorCode::unavailable, "stopped"};
    const Result<void> connected = co_await connect_once(socket, endpoint);
    if (connected) co_return connected;
    // A way that is broken leaves open whether somebody listens at its end.
    if (failed.code == ErrorCode::closed) failed = connected.error();
    close(*socket);
  }
  co_return failed;
}

asio::awaitable<Result<wire::Frame>> read_frame(tcp::socket* socket, wire::FrameReader* reader) {
  for (;;) {
    auto next = reader->next();
    if (!next) co_return next.error();
    if (*next) co_return **std::move(next);
    const auto space = reader->space();
    const asio::mutable_buffer buffer(space.data(), space.size());
    const auto [error, count] = co_await socket->async_read_some(buffer, kAwait);
    if (error) co_return connection_error(error);
    reader->received(count);
  }
}

error_code write_some(tcp::socket& socket, wire::FrameWriter& frames) {
  const auto parts = frames.parts();
  std::array<asio::const_buffer, wire::FrameWriter::kPartsMax> buffers;
  for (std::size_t i = 0; i < parts.count; ++i)
    buffers[i] = asio::const_buffer(parts.spans[i].data(), parts.spans[i].size());
  error_code error;
  const std::size_t count =
      socket.write_some(std::span<const asio::const_buffer>(buffers.data(), parts.count), error);
  frames.consume(count);
  return error;
}

asio::awaitable<Result<void>> write_frames(tcp::socket* socket, wire::FrameWriter* frames) {
  while (!frames->empty()) {
    const error_code error = write_some(*socket, *frames);
    if (!error) continue;
    if (error != asio::error::would_block) co_return connection_error(error);
    const auto [wait_error] = co_await socket->async_wait(tcp::socket::wait_write, kAwait);
    if (wait_error) co_return connection_error(wait_error);
  }
  co_return Result<void>();
}

}  // namespace gms::net
