#pragma once

#include <cstdint>
#include <optional>

#include "gms/log/disk_units.hpp"
#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"

namespace gms::log {

/// What a small record of a data directory is about; a record of one kind is never taken for
/// another.
enum class RecordKind : std::uint32_t { identity = 1, boot, hard_state, meta, refusal };

/// Counts the times that a record was written. The larger of two copies' versions is the newer.
using RecordVersion = model::Ordinal<struct RecordVersionTag>;

/// A record as read: its version and content.
struct CheckedRecord {
  RecordVersion version;
  model::Bytes content;
};

/// No record is larger; the largest view fits.
inline constexpr std::size_t kRecordContentBytesMax = 1024 * 1024;

/// Of all that encode_record() gives.
inline constexpr std::size_t kRecordBytesMax = kRecordContentBytesMax + kSectorBytes;

/// A small record with a kind, a version and a checksum, padded to whole disk sectors.
/// Precondition: the content is at most kRecordContentBytesMax.
[[nodiscard]] model::Bytes encode_record(RecordKind kind, RecordVersion version,
                                         model::ByteSpan content);
/// The record at the front of `bytes`; nothing if it is not an intact record of that kind.
[[nodiscard]] std::optional<CheckedRecord> decode_record(RecordKind kind, model::ByteSpan bytes);

}  // namespace gms::log
