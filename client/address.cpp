#include "client/address.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace client {
namespace {

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

bool is_bracketed(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']';
}

}  // namespace

HostAndPort split_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return {std::string(address), ""};
  std::string_view host = address.substr(0, colon);
  if (is_bracketed(host)) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(address.substr(colon + 1))};
}

Result<void> check_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const std::string_view host = address.substr(0, std::min(colon, address.size()));
  const bool has_brackets = is_bracketed(host);
  const std::string_view name = has_brackets ? host.substr(1, host.size() - 2) : host;
  const bool is_host =
      !name.empty() && name.find_first_of(has_brackets ? " []/" : " :[]/") == std::string::npos;
  const std::string quoted = "'" + std::string(address) + "' is not ";
  if (colon == std::string_view::npos || !is_host)
    return Error{ErrorCode::invalid_argument, quoted + "host:port"};
  if (!is_port(address.substr(colon + 1)))
    return Error{ErrorCode::invalid_argument, quoted + "host:port with a port from 1 to 65535"};
  return {};
}

}  // namespace client
