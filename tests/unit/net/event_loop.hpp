#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>

namespace gms::net {

/// Runs the loop until `done` holds. False when it does not within `limit`.
template <class Done>
[[nodiscard]] bool run_until(boost::asio::io_context& context, Done done,
                             std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    context.restart();
    context.run_one_until(end);
  }
  return true;
}

/// Runs what is ready and what becomes ready within `time`.
inline void run_for(boost::asio::io_context& context, std::chrono::milliseconds time) {
  context.restart();
  context.run_for(time);
}

}  // namespace gms::net
