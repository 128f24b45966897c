#pragma once

#include <string>
#include <string_view>

#include "client/types.hpp"

namespace client {

/// Where to connect to.
struct HostAndPort {
  std::string host;
  std::string port;
};

/// `host:port` or `[v6]:port`; without a port it is empty. A member's own address is taken as it
/// is.
[[nodiscard]] HostAndPort split_address(std::string_view address);

/// Whether the address is `host:port` with a port from 1 to 65535; an IPv6 host has brackets.
/// Error: invalid_argument, which names the address.
[[nodiscard]] Result<void> check_address(std::string_view address);

}  // namespace client
