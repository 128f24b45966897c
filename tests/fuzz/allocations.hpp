#pragma once

#include <cstddef>

namespace fuzz {

/// Bytes that this program has allocated since it began, whatever was freed. One thread.
[[nodiscard]] std::size_t allocated_bytes();

}  // namespace fuzz
