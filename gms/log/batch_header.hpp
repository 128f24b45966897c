#pragma once

#include <array>
#include <optional>

#include "gms/log/disk_units.hpp"
#include "gms/log/log_ids.hpp"
#include "gms/model/bytes.hpp"

namespace gms::log {

/// The head of a batch in a segment file. Consecutive encoded entries follow it, then zeros up to
/// the next sector. A batch without entries is a seal: it proves that those before it were durable.
///
/// A batch is part of the log when it chains: same generation and salt, the number and checksum
/// that follow from the batch before, and a boot that is not older. `boot` keeps apart two batches
/// that are alike in everything else, one of them left over from before a torn tail was cut.
struct BatchHeader {
  Generation generation;
  LogSalt salt;
  /// The boot of the member that wrote it.
  model::BootSeq boot;
  BatchSeq seq;
  /// The batch up to which all were known to be durable when this one was written.
  BatchSeq durable_upto;
  /// Zero in a seal.
  model::Index first_index;
  model::Epoch first_epoch;
  std::uint64_t entry_bytes = 0;
  std::uint32_t entry_count = 0;
  /// The checksum of the header of the batch before, which covers that whole batch.
  std::uint32_t previous_checksum = 0;
  std::uint32_t entries_checksum = 0;

  [[nodiscard]] bool is_seal() const { return entry_count == 0; }

  friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

/// The encoded size.
inline constexpr std::size_t kBatchHeaderBytes = 96;

using EncodedBatchHeader = std::array<std::byte, kBatchHeaderBytes>;

/// A header with the checksum over it.
struct StoredBatchHeader {
  BatchHeader header;
  std::uint32_t checksum = 0;
};

[[nodiscard]] EncodedBatchHeader encode(const BatchHeader& header);
/// The checksum in an encoded header.
[[nodiscard]] std::uint32_t checksum_of(const EncodedBatchHeader& encoded);
/// The header at the front of `bytes`; nothing if it is none or damaged.
[[nodiscard]] std::optional<StoredBatchHeader> decode_batch_header(model::ByteSpan bytes);

/// What a batch takes on disk. Precondition: `entry_bytes` is far from overflow, as of any header
/// that was decoded.
[[nodiscard]] constexpr std::uint64_t batch_extent(std::uint64_t entry_bytes) {
  return whole_sectors(kBatchHeaderBytes + entry_bytes);
}

}  // namespace gms::log
