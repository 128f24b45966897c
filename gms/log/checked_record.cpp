#include "gms/log/checked_record.hpp"

#include "gms/model/assert.hpp"
#include "gms/model/crc32c.hpp"

namespace gms::log {
namespace {

using model::Bytes;
using model::ByteSpan;

// magic u64 | format u32 | kind u32 | version u64 | content bytes u32 | crc32c u32 | content.
// The checksum is over all of the header before it and the content.
constexpr std::uint64_t kMagic = 0x7463657220736D67;  // "gms rect"
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kCheckedHeaderBytes = 28;

}  // namespace

Bytes encode_record(RecordKind kind, RecordVersion version, ByteSpan content) {
  GMS_ASSERT(content.size() <= kRecordContentBytesMax, "encode_record");
  model::ByteWriter out;
  out.u64(kMagic);
  out.u32(kFormat);
  out.u32(static_cast<std::uint32_t>(kind));
  out.u64(version.value());
  out.u32(static_cast<std::uint32_t>(content.size()));
  out.u32(model::crc32c(model::crc32c(0, out.bytes()), content));
  out.raw(content);
  Bytes bytes = out.take();
  bytes.resize(whole_sectors(bytes.size()));
  return bytes;
}

std::optional<CheckedRecord> decode_record(RecordKind kind, ByteSpan bytes) {
  model::ByteReader in(bytes);
  const bool known =
      in.u64() == kMagic && in.u32() == kFormat && in.u32() == static_cast<std::uint32_t>(kind);
  const RecordVersion version(in.u64());
  const std::uint32_t content_bytes = in.u32();
  const std::uint32_t checksum = in.u32();
  if (!known || content_bytes > kRecordContentBytesMax) return std::nullopt;
  const ByteSpan content = in.raw(content_bytes);
  if (!in.ok()) return std::nullopt;
  if (model::crc32c(model::crc32c(0, bytes.first(kCheckedHeaderBytes)), content) != checksum)
    return std::nullopt;
  return CheckedRecord{version, Bytes(content.begin(), content.end())};
}

}  // namespace gms::log
