#include "kvstore/replica/digest.hpp"

#include <xxhash.h>

#include <array>

namespace kvstore::replica {
namespace {

using api::Digest;
using gms::model::ByteSpan;

std::uint64_t hash(ByteSpan bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

/// The hash of some numbers in little-endian order, the same on every machine.
template <std::size_t N>
Digest digest_of(const std::array<std::uint64_t, N>& numbers) {
  std::array<std::byte, 8 * N> bytes;
  for (std::size_t i = 0; i < N; ++i)
    gms::model::store_little_endian(bytes.data() + 8 * i, numbers[i]);
  return Digest(hash(bytes));
}

}  // namespace

Digest digest_command(Digest before, const gms::model::Position& position, ByteSpan command,
                      ByteSpan reply) {
  return digest_of<5>(
      {before.value(), position.epoch.value(), position.index.value(), hash(command), hash(reply)});
}

Digest digest_row(Digest before, storage::Space space, const api::Pair& row) {
  return digest_of<5>({before.value(), static_cast<std::uint64_t>(space), hash(row.key),
                       row.row.revision.value(), hash(row.row.value)});
}

}  // namespace kvstore::replica
