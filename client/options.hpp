#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace client {

/// How a client uses its session, under which every write is numbered.
struct SessionOptions {
  /// Writes sent and not answered, counted from the oldest. More wait in the client. The server's
  /// own limit holds too.
  std::size_t writes_in_flight_max = 2048;
};

struct Options {
  /// Client addresses of members, `host:port`: one that answers is enough, the others are learned.
  std::vector<std::string> endpoints{"127.0.0.1:7400"};
  /// A call without a deadline of its own ends by then.
  std::chrono::milliseconds deadline{5000};
  /// When it is set no call ends later, whatever its deadline: what several calls may take
  /// together.
  std::optional<std::chrono::steady_clock::time_point> ends_by;
  SessionOptions session;
  /// Calls, and bytes of them, that are not complete. One more is refused as busy.
  std::size_t calls_max = 64 * 1024;
  std::size_t bytes_max = 256 * 1024 * 1024;
};

}  // namespace client
