#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gms/wire/frame.hpp"

namespace gms::net {

/// Completion token of every await: errors come as values.
inline constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);

/// Prepares a connected socket: no delay, no blocking, and a limit for how long sent bytes may stay
/// unacknowledged by a host that vanished.
void prepare(boost::asio::ip::tcp::socket& socket);

/// Closes, whatever state it is in.
void close(boost::asio::ip::tcp::socket& socket);

/// Whether the error says that the other end has no process any more, rather than that the way to
/// it is broken.
[[nodiscard]] bool nobody_there(const boost::system::error_code& error);

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Where an address is whose host may be a name, and a name may stand for several. Errors:
/// invalid_argument, unavailable.
[[nodiscard]] boost::asio::awaitable<model::Result<Endpoints>> resolve(
    boost::asio::any_io_executor executor, std::string address);

/// The same endpoints for the attempt of that number, counted from 0: each begins with another one,
/// since an endpoint that does not answer may take all of an attempt's time.
[[nodiscard]] Endpoints begun_with(Endpoints endpoints, std::uint64_t attempt);

/// Connects a socket to the first of the endpoints that takes it, and prepares it; over loopback it
/// sends without pacing, whatever the kernel's default is. Ends early, with `unavailable`, when
/// `is_over` says that nobody waits for it any more. Errors: closed (no process listens at any of
/// them), unavailable. Precondition: the socket lives until it returns.
[[nodiscard]] boost::asio::awaitable<model::Result<void>> connect(
    boost::asio::ip::tcp::socket* socket, Endpoints endpoints, std::function<bool()> is_over);

/// The next whole frame, read with as few bytes as come. Errors: closed (the peer closed or reset
/// the connection), corrupt, io. Precondition: socket and reader live until it returns.
[[nodiscard]] boost::asio::awaitable<model::Result<wire::Frame>> read_frame(
    boost::asio::ip::tcp::socket* socket, wire::FrameReader* reader);

/// Writes everything queued. Errors: closed, io. Precondition as of read_frame().
[[nodiscard]] boost::asio::awaitable<model::Result<void>> write_frames(
    boost::asio::ip::tcp::socket* socket, wire::FrameWriter* frames);

/// One gather write of what is queued, without waiting. Leaves what the socket does not take.
[[nodiscard]] boost::system::error_code write_some(boost::asio::ip::tcp::socket& socket,
                                                   wire::FrameWriter& frames);

}  // namespace gms::net
