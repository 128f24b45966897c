#include "gms/log/crc32c.hpp"

#include <isa-l/crc.h>

#include <algorithm>

namespace gms::log {
namespace {

/// The library takes an int's worth of bytes at a time.
constexpr std::size_t kStepBytesMax = std::size_t{1} << 30;

}  // namespace

std::uint32_t crc32c(std::uint32_t so_far, model::ByteSpan bytes) {
  std::uint32_t state = ~so_far;
  while (!bytes.empty()) {
    const model::ByteSpan step = bytes.first(std::min(bytes.size(), kStepBytesMax));
    auto* const data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(step.data()));
    state = crc32_iscsi(data, static_cast<int>(step.size()), state);
    bytes = bytes.subspan(step.size());
  }
  return ~state;
}

}  // namespace gms::log
