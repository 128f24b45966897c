#pragma once

#include <cstdint>

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"

namespace gms::model {

/// What an entry of the stream is. `noop` opens a leader's epoch, `view` changes the group,
/// `multicast` and `command` carry an application's bytes.
enum class EntryKind : std::uint8_t { noop = 1, view = 2, multicast = 3, command = 4 };

/// An encoded entry, the same bytes in memory, on the wire and on disk, little-endian:
///
///   hash u64 | payload bytes u32 | kind u8 | 3 zero bytes | index u64 | epoch u64 | clock u64 |
///   payload
///
/// `hash` chains everything after it with the hash of the entry before.
inline constexpr std::size_t kEntryHeaderBytes = 40;
/// No entry's payload is larger. A 16 MiB value and its command fit.
inline constexpr std::size_t kEntryPayloadBytesMax = 16 * 1024 * 1024 + 256 * 1024;

/// One encoded entry in a borrowed buffer. Precondition of every accessor: the bytes were validated
/// by EntryRun or written by EntryRunBuilder.
class EntryView {
 public:
  explicit EntryView(const std::byte* at) : at_(at) {}

  [[nodiscard]] EntryHash hash() const { return EntryHash(load_little_endian<std::uint64_t>(at_)); }
  [[nodiscard]] std::size_t payload_bytes() const {
    return load_little_endian<std::uint32_t>(at_ + 8);
  }
  [[nodiscard]] EntryKind kind() const { return static_cast<EntryKind>(at_[12]); }
  [[nodiscard]] Index index() const { return Index(load_little_endian<std::uint64_t>(at_ + 16)); }
  [[nodiscard]] Epoch epoch() const { return Epoch(load_little_endian<std::uint64_t>(at_ + 24)); }
  [[nodiscard]] Position position() const { return {epoch(), index()}; }
  [[nodiscard]] GroupClock clock() const {
    return GroupClock(load_little_endian<std::uint64_t>(at_ + 32));
  }
  [[nodiscard]] ByteSpan payload() const { return {at_ + kEntryHeaderBytes, payload_bytes()}; }
  [[nodiscard]] std::size_t bytes() const { return kEntryHeaderBytes + payload_bytes(); }
  /// The encoded entry whole.
  [[nodiscard]] ByteSpan encoded() const { return {at_, bytes()}; }

 private:
  const std::byte* at_;
};

/// The chained hash of `entry`, whose predecessor has hash `previous`: XXH3 of the entry's own
/// bytes after its hash field, then of that and `previous`. The hash field is not read.
[[nodiscard]] EntryHash chain_hash(EntryHash previous, EntryView entry);

/// Who multicast an entry of kind `multicast`; it stands before the body in the payload.
struct MulticastHeader {
  MemberId sender;
  BootSeq boot;
  MulticastSeq seq;

  friend bool operator==(const MulticastHeader&, const MulticastHeader&) = default;
};
inline constexpr std::size_t kMulticastHeaderBytes = 32;

void store(std::byte* to, const MulticastHeader& header);
/// Precondition: kMulticastHeaderBytes at `from`.
[[nodiscard]] MulticastHeader load_multicast_header(const std::byte* from);

}  // namespace gms::model
