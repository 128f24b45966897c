#pragma once

#include <cstddef>
#include <string>

#include "gms/model/bytes.hpp"
#include "gms/model/result.hpp"
#include "kvstore/api/command_reply.hpp"
#include "kvstore/storage/store.hpp"

namespace kvstore::storage {

// How rows are kept, in memory and in files alike. A row's key is its space, `/` and its own key:
// `k/` or `s/` comes first. Its content is the revision u64, flags u8 (zero so far) and the value.

/// Bytes of a stored key before the row's own key.
inline constexpr std::size_t kRowKeyPrefixBytes = 2;
/// Bytes of a stored row before its value.
inline constexpr std::size_t kRowHeadBytes = 9;

/// Makes `out` the stored key of a row.
void store_row_key(Space space, gms::model::ByteSpan key, std::string& out);
/// The same, as a new string.
[[nodiscard]] std::string row_key(Space space, gms::model::ByteSpan key);
/// What comes after all keys of a space.
[[nodiscard]] std::string space_end(Space space);

/// Writes `row` to `to`, which has room for its value and kRowHeadBytes.
void store_row(const api::Versioned& row, std::byte* to);
/// Borrows the value from `bytes`. Error: corrupt.
[[nodiscard]] gms::model::Result<api::Versioned> decode_row(gms::model::ByteSpan bytes);

}  // namespace kvstore::storage
