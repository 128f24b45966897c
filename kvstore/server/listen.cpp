#include "kvstore/server/listen.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <sstream>

namespace kvstore::server {

using boost::asio::ip::tcp;
using boost::system::error_code;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

Result<tcp::endpoint> parse_endpoint(std::string_view address) {
  const Error wrong{ErrorCode::invalid_argument,
                    "'" + std::string(address) +
                        "' is not a numeric address and a port, such as "
                        "127.0.0.1:7400"};
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  const auto port = parse_port(address.substr(colon + 1));
  std::string_view host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  error_code failed;
  const auto numeric = boost::asio::ip::make_address(host, failed);
  if (failed || !port) return wrong;
  return tcp::endpoint(numeric, *port);
}

Result<void> check_target(std::string_view address) {
  const std::size_t colon = std::min(address.rfind(':'), address.size());
  const std::string_view host = address.substr(0, colon);
  const auto port = parse_port(address.substr(std::min(colon + 1, address.size())));
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool is_plain = !host.empty() && host.find_first_of(":[]") == std::string_view::npos;
  if ((is_bracketed || is_plain) && port.value_or(0) != 0) return {};
  return Error{ErrorCode::invalid_argument,
               "'" + std::string(address) + "' is not a host and a port, such as 127.0.0.1:7500"};
}

std::string to_string(const tcp::endpoint& endpoint) {
  std::ostringstream out;
  out << endpoint;
  return out.str();
}

Result<tcp::acceptor> listen_at(boost::asio::io_context& context, const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(context);
  error_code failed;
  acceptor.open(endpoint.protocol(), failed);
  // Programs that this one starts have no part in its port.
  if (!failed) ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  // A port whose last connections are still fading away is free.
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
  if (!failed) return acceptor;
  const bool in_use = failed == boost::asio::error::address_in_use;
  return Error{in_use ? ErrorCode::conflict : ErrorCode::io,
               "cannot listen at " + to_string(endpoint) + ": " + failed.message()};
}

}  // namespace kvstore::server
