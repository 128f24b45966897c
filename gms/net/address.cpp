#include "gms/net/address.hpp"

#include <fcntl.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/socket_base.hpp>
#include <charconv>

namespace gms::net {

using boost::asio::ip::tcp;
using model::Error;
using model::ErrorCode;
using model::Result;

namespace {

Error bad_address(std::string_view text) {
  return {ErrorCode::invalid_argument, "'" + std::string(text) + "' is not host:port"};
}

Error listen_error(std::string_view address, const boost::system::error_code& error) {
  const bool in_use = error == boost::asio::error::address_in_use;
  return {in_use ? ErrorCode::conflict : ErrorCode::io,
          "cannot listen at " + std::string(address) + ": " + error.message()};
}

}  // namespace

Result<HostPort> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return bad_address(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad_address(text);
  HostPort address{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc() || end != digits.data() + digits.size() || host.empty())
    return bad_address(text);
  return address;
}

std::string to_string(const HostPort& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + address.host + "]" : address.host;
  return host + ":" + std::to_string(address.port);
}

std::string to_string(const tcp::endpoint& endpoint) {
  return to_string(HostPort{endpoint.address().to_string(), endpoint.port()});
}

void keep_from_children(int socket) {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
}

Result<tcp::acceptor> listen_at(boost::asio::io_context& context, std::string_view address) {
  const auto parsed = parse_address(address);
  if (!parsed) return parsed.error();
  boost::system::error_code error;
  const auto host = boost::asio::ip::make_address(parsed->host, error);
  if (error)
    return Error{ErrorCode::invalid_argument,
                 "'" + parsed->host + "' is not a numeric address to listen at"};
  const tcp::endpoint endpoint(host, parsed->port);
  tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) keep_from_children(acceptor.native_handle());
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(address, error);
  return acceptor;
}

}  // namespace gms::net
