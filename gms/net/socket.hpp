#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>

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

/// Where an address is whose host may be a name. Errors: invalid_argument, unavailable.
[[nodiscard]] boost::asio::awaitable<model::Result<boost::asio::ip::tcp::endpoint>> resolve(
    boost::asio::any_io_executor executor, std::string address);

/// Connects and prepares a socket. Errors: closed (no process listens there), unavailable.
/// Precondition: the socket lives until it returns.
[[nodiscard]] boost::asio::awaitable<model::Result<void>> connect(
    boost::asio::ip::tcp::socket* socket, boost::asio::ip::tcp::endpoint endpoint);

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
