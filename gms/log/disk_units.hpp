#pragma once

#include <cstddef>
#include <cstdint>

namespace gms::log {

/// What a disk writes whole or not at all; records and batches are aligned to it.
inline constexpr std::size_t kSectorBytes = 512;

/// `bytes` rounded up to whole sectors.
[[nodiscard]] constexpr std::uint64_t whole_sectors(std::uint64_t bytes) {
  return (bytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
}

}  // namespace gms::log
