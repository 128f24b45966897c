#pragma once

#include <cstdint>

#include "gms/model/bytes.hpp"

namespace gms::wire {

/// The CRC-32C (Castagnoli) of the bytes seen so far, continued by `bytes`. Starts from 0. Any
/// thread.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t so_far, model::ByteSpan bytes);

}  // namespace gms::wire
