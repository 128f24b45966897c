#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "gms/model/result.hpp"

namespace kvstore::server {

/// The endpoint of `host:port` or `[v6]:port` with a numeric host. Error: invalid_argument.
[[nodiscard]] gms::model::Result<boost::asio::ip::tcp::endpoint> parse_endpoint(
    std::string_view address);
/// Whether something can be reached at `host:port` or `[v6]:port`, by the look of it; the host may
/// be a name. Error: invalid_argument.
[[nodiscard]] gms::model::Result<void> check_target(std::string_view address);
[[nodiscard]] std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);

/// Listens there; port 0 takes any free port. Errors: conflict (in use), io.
[[nodiscard]] gms::model::Result<boost::asio::ip::tcp::acceptor> listen_at(
    boost::asio::io_context& context, const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace kvstore::server
