#include "gms/log/segment_writer.hpp"

#include <algorithm>
#include <utility>

#include "gms/model/crc32c.hpp"

namespace gms::log {
namespace {

using model::ByteSpan;
using model::EntryRun;
using model::Result;

constexpr std::array<std::byte, kSectorBytes> kZeros{};

/// A batch is ended at this size, so that a replay needs no large buffer for many small runs.
constexpr std::uint64_t kBatchBytesMax = 8 * 1024 * 1024;

}  // namespace

SegmentWriter::SegmentWriter(Stamp stamp, Start start, SpareSegments& spares)
    : stamp_(stamp),
      segment_(std::move(start.segment)),
      offset_(start.offset),
      end_(start.end),
      durable_(start.end.seq),
      sealed_(start.sealed),
      index_(std::move(start.index)),
      largest_index_(start.largest_index),
      full_(std::move(start.full)),
      spares_(spares) {
  for (const FullSegment& segment : full_) full_bytes_ += segment.bytes;
}

Result<void> SegmentWriter::append(const EntryRun& run) {
  if (run.empty()) return {};
  const bool joins = batch_.entry_count != 0 && run.first_index() == batch_last_.next() &&
                     batch_.entry_bytes + run.bytes() <= kBatchBytesMax;
  if (!joins) {
    if (auto finished = finish_batch(); !finished) return finished;
    batch_.first_index = run.first_index();
    batch_.first_epoch = run.front().epoch();
    batch_piece_ = pieces_.size();
    pieces_.emplace_back();
  }
  const ByteSpan entries = run.encoded().bytes();
  pieces_.push_back(entries);
  batch_.entry_bytes += entries.size();
  batch_.entry_count += static_cast<std::uint32_t>(run.count());
  batch_.entries_checksum = model::crc32c(batch_.entries_checksum, entries);
  batch_last_ = run.last_index();
  return {};
}

Result<void> SegmentWriter::finish_batch() {
  if (batch_.entry_count == 0) return {};
  const std::uint64_t extent = batch_extent(batch_.entry_bytes);
  if (auto room = make_room(extent); !room) return room;
  index_.add({segment_.seq, offset_ + staged_bytes_, extent, batch_.first_index, batch_last_});
  largest_index_ = std::max(largest_index_, batch_last_);
  stage(std::exchange(batch_, {}), batch_piece_);
  sealed_ = false;
  return {};
}

Result<void> SegmentWriter::make_room(std::uint64_t extent) {
  const std::uint64_t at = offset_ + staged_bytes_;
  // A segment is never left empty: the log's chain begins at the front of its oldest one.
  if (at == 0 || at + extent <= segment_.bytes) return {};
  auto spare = spares_.take();
  if (!spare) return {};
  // All of the old segment is durable before anything stands in the new one.
  if (auto written = write_and_sync(batch_piece_); !written) return written;
  batch_piece_ = 0;
  full_.push_back(current());
  full_bytes_ += full_.back().bytes;
  largest_index_ = {};
  segment_ = *std::move(spare);
  offset_ = 0;
  return {};
}

void SegmentWriter::stage(BatchHeader header, std::size_t header_piece) {
  header.generation = stamp_.generation;
  header.salt = stamp_.salt;
  header.boot = stamp_.boot;
  header.seq = end_.seq.next();
  header.durable_upto = durable_;
  header.previous_checksum = end_.checksum;
  headers_.push_back(encode(header));
  pieces_[header_piece] = headers_.back();
  const std::uint64_t extent = batch_extent(header.entry_bytes);
  const std::uint64_t padding = extent - kBatchHeaderBytes - header.entry_bytes;
  pieces_.push_back(ByteSpan(kZeros).first(padding));
  staged_bytes_ += extent;
  end_ = {header.seq, checksum_of(headers_.back()), header.boot};
}

Result<void> SegmentWriter::sync() {
  if (auto finished = finish_batch(); !finished) return finished;
  return write_and_sync(pieces_.size());
}

Result<void> SegmentWriter::write_and_sync(std::size_t pieces) {
  if (pieces == 0) return {};
  const auto staged = std::span(pieces_).first(pieces);
  if (auto written = segment_.file->write_at(offset_, staged); !written) return written;
  if (auto synced = segment_.file->sync(); !synced) return synced;
  offset_ += staged_bytes_;
  bytes_written_ += std::exchange(staged_bytes_, 0);
  durable_ = end_.seq;
  headers_.clear();
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(pieces));
  return {};
}

Result<void> SegmentWriter::seal() {
  GMS_ASSERT(pieces_.empty(), "SegmentWriter::seal");
  if (sealed_ || end_.seq == BatchSeq()) return {};
  pieces_.emplace_back();
  stage({}, 0);
  sealed_ = true;
  return sync();
}

FullSegment SegmentWriter::current() const {
  return {segment_.seq, std::max(segment_.bytes, offset_), largest_index_};
}

std::vector<RetiredSegment> SegmentWriter::trim_to(model::Index base) {
  GMS_ASSERT(pieces_.empty(), "SegmentWriter::trim_to");
  index_.trim_to(base);
  std::vector<RetiredSegment> gone;
  while (!full_.empty() && full_.front().largest_index <= base) {
    gone.push_back({{stamp_.generation, full_.front().seq}, full_.front().bytes});
    full_bytes_ -= full_.front().bytes;
    full_.pop_front();
  }
  return gone;
}

std::vector<RetiredSegment> SegmentWriter::give_up() {
  full_.push_back(current());
  std::vector<RetiredSegment> gone;
  for (const FullSegment& segment : full_)
    gone.push_back({{stamp_.generation, segment.seq}, segment.bytes});
  full_.clear();
  full_bytes_ = 0;
  return gone;
}

}  // namespace gms::log
