#pragma once

#include <deque>
#include <vector>

#include "gms/log/batch_header.hpp"
#include "gms/log/entry_index.hpp"
#include "gms/log/log_scan.hpp"
#include "gms/log/spare_segments.hpp"
#include "gms/model/entry_run.hpp"

namespace gms::log {

/// A segment that the writer has left, and the largest index of any entry ever written in it,
/// replaced ones too.
struct FullSegment {
  FileSeq seq;
  std::uint64_t bytes = 0;
  model::Index largest_index;
};

/// Appends batches to the segments, and knows where each entry stands.
///
/// A batch takes consecutive entries of as many runs as there are; they are gathered into one write
/// straight from the runs' buffers. When the current segment is full the next spare follows it;
/// while there is none the current one grows, which costs more per sync but never waits.
///
/// Thread rule: one thread. After an error nothing more may be asked of it. Ownership: the spares
/// outlive it.
class SegmentWriter {
 public:
  /// What every batch of this boot says of itself.
  struct Stamp {
    Generation generation;
    LogSalt salt;
    model::BootSeq boot;
  };
  /// Where the log goes on: after `end`, at `offset` of `segment`. All up to there is durable.
  struct Start {
    Segment segment;
    std::uint64_t offset = 0;
    ChainEnd end;
    EntryIndex index;
    /// Whether the last batch is a seal.
    bool sealed = false;
    /// Of the entries in `segment`, as in a FullSegment.
    model::Index largest_index = {};
    /// The segments before it, oldest first.
    std::deque<FullSegment> full = {};
  };

  SegmentWriter(Stamp stamp, Start start, SpareSegments& spares);

  /// Adds entries behind those added before; they replace what was at their indexes and after. The
  /// run's buffer has to live until the next sync(). Errors: io, busy.
  [[nodiscard]] model::Result<void> append(const model::EntryRun& run);
  /// Writes what was added and returns when it is durable. Errors: io, busy.
  [[nodiscard]] model::Result<void> sync();
  /// Appends a seal, durably, unless the last batch is one or there is none. Errors: io, busy.
  /// Precondition: nothing is added and not synced.
  [[nodiscard]] model::Result<void> seal();

  /// Forgets the entries up to `base`. The segments that nobody needs then, oldest first, which are
  /// the caller's now: of the oldest ones those with no entry above the base, never the current
  /// one. Precondition: nothing is added and not synced.
  [[nodiscard]] std::vector<RetiredSegment> trim_to(model::Index base);
  /// All segments, oldest first; the writer is done with.
  [[nodiscard]] std::vector<RetiredSegment> give_up();

  /// Of everything added.
  [[nodiscard]] const EntryIndex& index() const { return index_; }
  /// On disk since the start, headers and padding included.
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }
  /// Of the segments with entries of the log.
  [[nodiscard]] SegmentUsage usage() const {
    return {full_.size() + 1, full_bytes_ + current().bytes};
  }

 private:
  /// Puts a header in front of the entries added since the last batch and ends it.
  [[nodiscard]] model::Result<void> finish_batch();
  /// Moves on to the next spare if the batch does not fit into the current segment.
  [[nodiscard]] model::Result<void> make_room(std::uint64_t extent);
  [[nodiscard]] FullSegment current() const;
  void stage(BatchHeader header, std::size_t header_piece);
  /// Writes the first `pieces` of what is staged.
  [[nodiscard]] model::Result<void> write_and_sync(std::size_t pieces);

  Stamp stamp_;
  Segment segment_;
  /// Where in the segment the staged pieces go.
  std::uint64_t offset_;
  ChainEnd end_;
  BatchSeq durable_;
  bool sealed_;
  EntryIndex index_;
  model::Index largest_index_;
  std::deque<FullSegment> full_;
  std::uint64_t full_bytes_ = 0;
  SpareSegments& spares_;

  // What sync() writes: for each batch its header, its runs, its padding.
  std::vector<model::ByteSpan> pieces_;
  std::deque<EncodedBatchHeader> headers_;
  std::uint64_t staged_bytes_ = 0;
  /// The batch that takes entries now; its header's piece is still empty.
  BatchHeader batch_;
  std::size_t batch_piece_ = 0;
  model::Index batch_last_;
  std::uint64_t bytes_written_ = 0;
};

}  // namespace gms::log
