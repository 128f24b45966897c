#include "gms/log/batch_header.hpp"

#include "gms/model/crc32c.hpp"

namespace gms::log {
namespace {

using model::ByteSpan;

constexpr std::uint64_t kMagic = 0x6863746162736D67;  // "gmsbatch"
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kChecksumOffset = kBatchHeaderBytes - 4;
/// More than any file; keeps sums of offsets and sizes from overflowing.
constexpr std::uint64_t kEntryBytesMax = std::uint64_t{1} << 48;

/// Writes the fields of a header one behind the other.
class FieldWriter {
 public:
  explicit FieldWriter(std::byte* at) : at_(at) {}
  template <class T>
  FieldWriter& put(T value) {
    model::store_little_endian(at_, value);
    at_ += sizeof(T);
    return *this;
  }

 private:
  std::byte* at_;
};

}  // namespace

// magic u64 | generation u64 | salt u64 | boot u64 | seq u64 | durable_upto u64 | first_index u64 |
// first_epoch u64 | entry_bytes u64 | entry_count u32 | previous_checksum u32 |
// entries_checksum u32 | format u32 | zero u32 | checksum u32 over all before it.
EncodedBatchHeader encode(const BatchHeader& header) {
  EncodedBatchHeader out;
  FieldWriter(out.data())
      .put(kMagic)
      .put(header.generation.value())
      .put(header.salt.value())
      .put(header.boot.value())
      .put(header.seq.value())
      .put(header.durable_upto.value())
      .put(header.first_index.value())
      .put(header.first_epoch.value())
      .put(header.entry_bytes)
      .put(header.entry_count)
      .put(header.previous_checksum)
      .put(header.entries_checksum)
      .put(kFormat)
      .put(std::uint32_t{0});
  model::store_little_endian(out.data() + kChecksumOffset,
                             model::crc32c(0, ByteSpan(out).first(kChecksumOffset)));
  return out;
}

std::uint32_t checksum_of(const EncodedBatchHeader& encoded) {
  return model::load_little_endian<std::uint32_t>(encoded.data() + kChecksumOffset);
}

std::optional<StoredBatchHeader> decode_batch_header(ByteSpan bytes) {
  if (bytes.size() < kBatchHeaderBytes) return std::nullopt;
  // Most of what is looked at is no header: the magic number decides that without a checksum.
  if (model::load_little_endian<std::uint64_t>(bytes.data()) != kMagic) return std::nullopt;
  model::ByteReader in(bytes.first(kBatchHeaderBytes).subspan(sizeof kMagic));
  StoredBatchHeader out;
  BatchHeader& header = out.header;
  header.generation = Generation(in.u64());
  header.salt = LogSalt(in.u64());
  header.boot = model::BootSeq(in.u64());
  header.seq = BatchSeq(in.u64());
  header.durable_upto = BatchSeq(in.u64());
  header.first_index = model::Index(in.u64());
  header.first_epoch = model::Epoch(in.u64());
  header.entry_bytes = in.u64();
  header.entry_count = in.u32();
  header.previous_checksum = in.u32();
  header.entries_checksum = in.u32();
  const std::uint32_t format = in.u32();
  const std::uint32_t zero = in.u32();
  out.checksum = in.u32();
  if (model::crc32c(0, bytes.first(kChecksumOffset)) != out.checksum) return std::nullopt;
  if (format != kFormat || zero != 0 || header.entry_bytes > kEntryBytesMax) return std::nullopt;
  if (header.is_seal() != (header.entry_bytes == 0)) return std::nullopt;
  return out;
}

}  // namespace gms::log
