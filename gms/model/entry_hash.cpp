#include <xxhash.h>

#if defined(__x86_64__)
// The library's packages are built for the oldest processors of their kind. This has it take
// what the processor at hand is best at, which gives the same hashes.
#include <xxh_x86dispatch.h>
#endif

#include <array>

#include "gms/model/entry.hpp"

namespace gms::model {

EntryHash chain_hash(EntryHash previous, EntryView entry) {
  const ByteSpan own = entry.encoded().subspan(sizeof(std::uint64_t));
  std::array<std::byte, 16> link;
  store_little_endian(link.data(), previous.value());
  store_little_endian<std::uint64_t>(link.data() + 8, XXH3_64bits(own.data(), own.size()));
  return EntryHash(XXH3_64bits(link.data(), link.size()));
}

}  // namespace gms::model
