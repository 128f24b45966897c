#include "gms/wire/crc32c.hpp"

#include <isa-l/crc.h>

#include <algorithm>

namespace gms::wire {

std::uint32_t crc32c(std::uint32_t so_far, model::ByteSpan bytes) {
  // The library counts in int, does not write through its pointer, and leaves the inversions before
  // and after to its caller.
  constexpr std::size_t kStepBytes = std::size_t{1} << 30;
  std::uint32_t state = ~so_far;
  while (!bytes.empty()) {
    const model::ByteSpan step = bytes.first(std::min(bytes.size(), kStepBytes));
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(step.data()));
    state = crc32_iscsi(data, static_cast<int>(step.size()), state);
    bytes = bytes.subspan(step.size());
  }
  return ~state;
}

}  // namespace gms::wire
