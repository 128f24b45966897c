#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "gms/model/result.hpp"

namespace gms::net {

/// An address as people write it: `host:port`, `[v6]:port`. The host may be a name.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// Error: invalid_argument, naming the text.
[[nodiscard]] model::Result<HostPort> parse_address(std::string_view text);
[[nodiscard]] std::string to_string(const HostPort& address);
[[nodiscard]] std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);

/// A program that this process starts does not get the socket: it would hold the port, and the
/// other end would not hear when this process is gone.
void keep_from_children(int socket);

/// Listens at `address`, whose host is a numeric address; port 0 takes any free port. Errors:
/// invalid_argument (not such an address), conflict (in use), io.
[[nodiscard]] model::Result<boost::asio::ip::tcp::acceptor> listen_at(
    boost::asio::io_context& context, std::string_view address);

}  // namespace gms::net
