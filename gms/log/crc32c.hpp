#pragma once

#include <cstdint>

#include "gms/model/bytes.hpp"

namespace gms::log {

/// The CRC-32C of the bytes behind `so_far` and then of `bytes`; 0 stands for no bytes. So the
/// checksum of gathered pieces is computed piece by piece. Any thread.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t so_far, model::ByteSpan bytes);

}  // namespace gms::log
