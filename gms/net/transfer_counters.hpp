#pragma once

#include <atomic>
#include <cstdint>

namespace gms::net {

/// What state connections have carried. Counted on their thread, read on any.
struct TransferCounters {
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> bytes_received{0};
  /// Connections on which others pull now.
  std::atomic<std::uint64_t> serving{0};
};

}  // namespace gms::net
