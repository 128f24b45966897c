#pragma once

#include "gms/log/chain_scan.hpp"
#include "gms/log/replay.hpp"
#include "gms/log/state_codec.hpp"

namespace gms::log {

/// A segment file as a scan found it.
struct ScannedSegment {
  FileSeq seq;
  std::uint64_t bytes = 0;
  /// Where the log's last batch in it ends; zero if it has none.
  std::uint64_t used = 0;
  BatchSeq last_batch;
  /// Of all entries that were ever part of the log in it, replaced ones too; zero if there is none.
  model::Index largest_index;
};

/// The batch after which a log goes on. No number yet in an empty log.
struct ChainEnd {
  BatchSeq seq;
  std::uint32_t checksum = 0;
  model::BootSeq boot;
};

/// A seal that is the last batch of a log.
struct LastSeal {
  std::size_t segment = 0;
  std::uint64_t offset = 0;
  BatchHeader header;
};

/// All that a scan of a log's files finds.
struct ScannedLog {
  model::RecoveredLog log;
  EntryIndex index;
  ChainEnd end;
  std::optional<LastSeal> seal;
  /// The largest number that a batch of the chain said to be durable.
  BatchSeq proven;
  /// Of the generation, in order.
  std::vector<ScannedSegment> segments;
  /// What else lies in the directory and is no part of the log: file names.
  std::vector<std::string> leftovers;

  /// Which of `segments` the log ends in; none for an empty log.
  [[nodiscard]] std::optional<std::size_t> last_segment() const;
  /// Whether the segment holds entries that are not proven durable: what was read of them may never
  /// have reached the disk.
  [[nodiscard]] bool is_suspect(const ScannedSegment& segment) const {
    return segment.last_batch > proven && !seal;
  }
};

/// Reads the log that `meta` names from the segments in `directory`, cutting a torn tail. Writes
/// nothing. Errors: corrupt (what was durable is damaged; says where and what to do [C13]), io.
[[nodiscard]] model::Result<ScannedLog> scan_log(FileSystem& files, const std::string& directory,
                                                 const Meta& meta, std::size_t tail_bytes_max);

}  // namespace gms::log
