#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gms/log/batch_header.hpp"
#include "gms/log/window_reader.hpp"

namespace gms::log {

/// A batch as a scan finds it.
struct ScannedBatch {
  /// Which of the scan's segments it is in.
  std::size_t segment = 0;
  std::uint64_t offset = 0;
  StoredBatchHeader stored;
  /// The encoded entries. Valid until the scan goes on.
  model::ByteSpan entries;

  /// Where the batch after it would start.
  [[nodiscard]] std::uint64_t end() const {
    return offset + batch_extent(stored.header.entry_bytes);
  }
};

/// Walks over the batches of a generation, each of which must follow from the one before, and tells
/// a torn tail from a corruption where the chain ends.
///
/// Thread rule: one thread. Reads only. Ownership: the file system outlives it.
class ChainScan {
 public:
  /// `segments` in their order, oldest first.
  ChainScan(FileSystem& files, std::string directory, Generation generation, LogSalt salt,
            std::vector<FileSeq> segments);

  /// The next batch of the chain; nothing at its end. Error: io.
  [[nodiscard]] model::Result<std::optional<ScannedBatch>> next();
  /// Once the chain has ended: fails with corrupt if a later batch proves that the one missing here
  /// was durable, and says where both are. Else what follows is a torn tail. Error: io.
  [[nodiscard]] model::Result<void> check_end_is_torn();

  /// `directory/name` of a segment.
  [[nodiscard]] std::string path(std::size_t segment) const;

 private:
  [[nodiscard]] model::Result<WindowReader*> window(std::size_t segment);
  /// The batch there if it continues the chain.
  [[nodiscard]] model::Result<std::optional<ScannedBatch>> batch_at(std::size_t segment,
                                                                    std::uint64_t offset);
  [[nodiscard]] bool continues_chain(const BatchHeader& header) const;
  /// The first offset in a segment from `offset` on where a header proves the expected batch.
  [[nodiscard]] model::Result<std::optional<std::uint64_t>> find_proof(std::size_t segment,
                                                                       std::uint64_t offset);
  [[nodiscard]] BatchSeq expected() const { return last_ ? last_->header.seq.next() : BatchSeq(1); }

  FileSystem& files_;
  std::string directory_;
  Generation generation_;
  LogSalt salt_;
  std::vector<FileSeq> segments_;
  /// Where the chain goes on, if not at the front of the segment after.
  std::size_t segment_ = 0;
  std::uint64_t offset_ = 0;
  std::optional<StoredBatchHeader> last_;
  std::size_t open_segment_ = 0;
  std::optional<WindowReader> window_;
};

}  // namespace gms::log
