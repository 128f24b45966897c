#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "gms/model/result.hpp"
#include "kvstore/api/inspection.hpp"
#include "kvstore/api/limits.hpp"
#include "kvstore/storage/store.hpp"

namespace kvstore::replica {

/// Whether a deep digest has rows left to read.
enum class DeepWork : std::uint8_t { none, more };

/// Reads all rows of a snapshot, some at a time, into one digest.
class DeepDigest {
 public:
  explicit DeepDigest(std::unique_ptr<storage::Snapshot> rows);

  /// Reads at most `rows_max` rows, and none any more once they had kReadStepBytesMax bytes.
  /// Errors: io, corrupt.
  [[nodiscard]] gms::model::Result<DeepWork> advance(std::size_t rows_max);

  /// Precondition: advance() said that there is no more.
  [[nodiscard]] api::Digest digest() const { return digest_; }
  [[nodiscard]] std::uint64_t rows_read() const { return rows_read_; }

 private:
  void open(storage::Space space);

  std::unique_ptr<storage::Snapshot> rows_;
  storage::Space space_ = storage::Space::data;
  std::unique_ptr<storage::Scan> scan_;
  api::Digest digest_;
  std::uint64_t rows_read_ = 0;
};

/// The digests that this replica took, the newest kDigestsMax of them. Memory of this process: a
/// restart forgets them.
class DigestBook {
 public:
  void take_rolling(gms::model::Index at, api::Digest rolling);
  /// `rows` is the state right after `at`.
  void take_deep(gms::model::Index at, api::Digest rolling,
                 std::unique_ptr<storage::Snapshot> rows);

  /// The digest taken at `at`, by a replica that is at `applied`.
  [[nodiscard]] api::DigestReply find(gms::model::Index at, gms::model::Index applied) const;

  /// Advances the oldest deep digest under way. Errors: io, corrupt; that digest is given up then.
  [[nodiscard]] gms::model::Result<DeepWork> work(std::size_t rows_max);
  /// Forgets the deep digests under way, and lets go of their rows.
  void give_up();

 private:
  struct Entry {
    gms::model::Index index;
    api::DigestReply reply;
    std::unique_ptr<DeepDigest> deep;
  };

  void add(Entry entry);

  /// Sorted by index.
  std::deque<Entry> entries_;
};

}  // namespace kvstore::replica
