#pragma once

#include <chrono>

#include "gms/model/ids.hpp"

namespace kvstore::server {

/// The monotonic clock of this process.
[[nodiscard]] inline gms::model::Instant monotonic_now() {
  return gms::model::Instant(std::chrono::duration_cast<gms::model::Duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

/// Milliseconds of wall clock since 1970, for people.
[[nodiscard]] inline std::uint64_t wall_clock_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace kvstore::server
