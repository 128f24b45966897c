#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>

namespace tests {

/// An IPv4 address in 127.0.0.0/8 that no other process takes while this one runs: a port of it
/// that was closed is nobody else's, neither a test's beside this one nor the near end of a
/// connection, and can be opened again.
inline std::string own_loopback() {
  // A process id of Linux has 22 bits. The ones that are set keep clear of 127.0.0.1 and of
  // 127.1.0.0.
  const auto id = static_cast<std::uint32_t>(::getpid());
  return "127." + std::to_string(64 + ((id >> 16) & 63)) + '.' + std::to_string((id >> 8) & 255) +
         '.' + std::to_string(id & 255);
}

/// A port of own_loopback() that the kernel chooses.
inline std::string any_own_port() {
  return own_loopback() + ":0";
}

}  // namespace tests
