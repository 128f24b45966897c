#pragma once

#include <cstdint>

#include "gms/model/bytes.hpp"

namespace gms::model {

/// The CRC-32C (Castagnoli) of the bytes behind `so_far` and then of `bytes`; 0 stands for no
/// bytes. So the checksum of gathered pieces is computed piece by piece. Any thread.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t so_far, ByteSpan bytes);

}  // namespace gms::model
