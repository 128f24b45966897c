#include "kvstore/storage/row_format.hpp"

#include <cstring>

namespace kvstore::storage {

using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

void store_row_key(Space space, ByteSpan key, std::string& out) {
  out.clear();
  out.reserve(kRowKeyPrefixBytes + key.size());
  out += static_cast<char>(space);
  out += '/';
  out += gms::model::as_text(key);
}

std::string row_key(Space space, ByteSpan key) {
  std::string out;
  store_row_key(space, key, out);
  return out;
}

std::string space_end(Space space) {
  return {static_cast<char>(space), '/' + 1};
}

void store_row(const api::Versioned& row, std::byte* to) {
  gms::model::store_little_endian(to, row.revision.value());
  to[kRowHeadBytes - 1] = std::byte{0};
  if (!row.value.empty()) std::memcpy(to + kRowHeadBytes, row.value.data(), row.value.size());
}

Result<api::Versioned> decode_row(ByteSpan bytes) {
  if (bytes.size() < kRowHeadBytes || bytes[kRowHeadBytes - 1] != std::byte{0})
    return Error{ErrorCode::corrupt, "a row of the store is malformed"};
  const api::Revision revision(gms::model::load_little_endian<std::uint64_t>(bytes.data()));
  return api::Versioned{revision, bytes.subspan(kRowHeadBytes)};
}

}  // namespace kvstore::storage
