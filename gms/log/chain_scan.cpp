#include "gms/log/chain_scan.hpp"

#include <algorithm>
#include <utility>

#include "gms/log/segment_files.hpp"
#include "gms/log/state_files.hpp"
#include "gms/model/crc32c.hpp"

namespace gms::log {
namespace {

using model::Error;
using model::ErrorCode;
using model::Result;

/// How often the search for a proof asks for the next data in a file with holes.
constexpr std::uint64_t kHoleCheckBytes = 256 * 1024;

}  // namespace

ChainScan::ChainScan(FileSystem& files, std::string directory, Generation generation, LogSalt salt,
                     std::vector<FileSeq> segments)
    : files_(files),
      directory_(std::move(directory)),
      generation_(generation),
      salt_(salt),
      segments_(std::move(segments)) {}

Result<std::optional<ScannedBatch>> ChainScan::next() {
  if (segment_ >= segments_.size()) return std::optional<ScannedBatch>();
  auto batch = batch_at(segment_, offset_);
  // The chain begins at the front of the oldest segment; a later one may only continue it.
  const bool may_go_on = last_.has_value() && segment_ + 1 < segments_.size();
  if (batch && !*batch && may_go_on) batch = batch_at(segment_ + 1, 0);
  if (!batch || !*batch) return batch;
  segment_ = (*batch)->segment;
  offset_ = (*batch)->end();
  last_ = (*batch)->stored;
  return batch;
}

Result<std::optional<ScannedBatch>> ChainScan::batch_at(std::size_t segment, std::uint64_t offset) {
  const auto reader = window(segment);
  if (!reader) return reader.error();
  auto bytes = (*reader)->view(offset, kBatchHeaderBytes);
  if (!bytes) return bytes.error();
  const auto stored = decode_batch_header(*bytes);
  if (!stored || !continues_chain(stored->header)) return std::optional<ScannedBatch>();
  const std::size_t whole = kBatchHeaderBytes + stored->header.entry_bytes;
  bytes = (*reader)->view(offset, whole);
  if (!bytes) return bytes.error();
  if (bytes->size() < whole) return std::optional<ScannedBatch>();
  const model::ByteSpan entries = bytes->subspan(kBatchHeaderBytes);
  if (model::crc32c(0, entries) != stored->header.entries_checksum)
    return std::optional<ScannedBatch>();
  return std::optional(ScannedBatch{segment, offset, *stored, entries});
}

bool ChainScan::continues_chain(const BatchHeader& header) const {
  if (header.generation != generation_ || header.salt != salt_) return false;
  if (!last_) return true;
  return header.seq == expected() && header.previous_checksum == last_->checksum &&
         header.boot >= last_->header.boot;
}

Result<void> ChainScan::check_end_is_torn() {
  for (std::size_t segment = segment_; segment < segments_.size(); ++segment) {
    const auto proof = find_proof(segment, segment == segment_ ? offset_ : 0);
    if (!proof) return proof.error();
    if (!*proof) continue;
    return Error{ErrorCode::corrupt, path(segment_) + " at byte " + std::to_string(offset_) +
                                         ": batch " + std::to_string(expected().value()) +
                                         " is damaged or missing, but was durable, as " +
                                         path(segment) + " at byte " + std::to_string(**proof) +
                                         " proves; " + std::string(kRejoinAdvice)};
  }
  return {};
}

Result<std::optional<std::uint64_t>> ChainScan::find_proof(std::size_t segment,
                                                           std::uint64_t offset) {
  const auto reader = window(segment);
  if (!reader) return reader.error();
  bool at_hole_check = true;
  while (true) {
    if (at_hole_check) {
      const auto data = (*reader)->file().next_data(offset);
      if (!data) return data.error();
      offset = std::max(offset, *data / kSectorBytes * kSectorBytes);
    }
    const auto bytes = (*reader)->view(offset, kBatchHeaderBytes);
    if (!bytes) return bytes.error();
    if (bytes->size() < kBatchHeaderBytes) return std::optional<std::uint64_t>();
    const auto stored = decode_batch_header(*bytes);
    if (stored && stored->header.generation == generation_ && stored->header.salt == salt_ &&
        stored->header.durable_upto >= expected())
      return std::optional(offset);
    offset += kSectorBytes;
    at_hole_check = offset % kHoleCheckBytes == 0;
  }
}

std::string ChainScan::path(std::size_t segment) const {
  return joined(directory_, to_string(SegmentName{generation_, segments_[segment]}));
}

Result<WindowReader*> ChainScan::window(std::size_t segment) {
  if (!window_ || open_segment_ != segment) {
    auto file = files_.open(path(segment), Access::read);
    if (!file) return file.error();
    window_.emplace(*std::move(file));
    open_segment_ = segment;
  }
  return &*window_;
}

}  // namespace gms::log
