#include "gms/model/crc32c.hpp"

#include <isa-l/crc.h>

#include <algorithm>

namespace gms::model {
namespace {

/// The library counts in int.
constexpr std::size_t kStepBytesMax = std::size_t{1} << 30;

}  // namespace

std::uint32_t crc32c(std::uint32_t so_far, ByteSpan bytes) {
  std::uint32_t state = ~so_far;
  while (!bytes.empty()) {
    const ByteSpan step = bytes.first(std::min(bytes.size(), kStepBytesMax));
    // It does not write through its pointer.
    auto* const data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(step.data()));
    state = crc32_iscsi(data, static_cast<int>(step.size()), state);
    bytes = bytes.subspan(step.size());
  }
  return ~state;
}

}  // namespace gms::model
