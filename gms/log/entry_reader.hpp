#pragma once

#include <optional>
#include <string>

#include "gms/log/entry_index.hpp"
#include "gms/log/window_reader.hpp"
#include "gms/model/entry_run.hpp"

namespace gms::log {

/// Reads entries back from the segment files, by way of an index that the caller keeps.
///
/// Guarantee: what it returns are the entries that the index knows, whole and well formed; whether
/// they chain is for the caller to check. Bytes that are not what was written end in an error.
/// Thread rule: one thread, the one that writes the segments. Ownership: the file system outlives
/// it.
class EntryReader {
 public:
  EntryReader(FileSystem& files, std::string directory, Generation generation);

  /// The end of the log up to and with the entry `wanted`. Precondition: the index knows it.
  /// Errors: corrupt, io.
  [[nodiscard]] model::Result<model::ChainHead> head_at(const EntryIndex& index,
                                                        model::Index wanted);
  /// Entries first … last, or a prefix of them of at most `bytes_max` bytes and one entry at least.
  /// Precondition: the index knows them. Errors: corrupt, io.
  [[nodiscard]] model::Result<model::EntryRun> read(const EntryIndex& index, model::Index first,
                                                    model::Index last, std::size_t bytes_max);
  /// To be called after the segments were written to: what was read before may be out of date.
  void forget();
  /// Lets go of the file that was read last: it may be given up now.
  void close() { window_.reset(); }
  /// The index is of another log from now on.
  void go_over_to(Generation generation) {
    generation_ = generation;
    close();
  }

 private:
  /// Walks over consecutive entries of a place.
  struct Cursor {
    EntryPlace place;
    model::Index next;
    /// Of the entry `next`, once `next_batch` is not zero.
    std::uint64_t offset = 0;
    /// Where the entries of the batch end, and where the batch after it starts.
    std::uint64_t entries_end = 0;
    std::uint64_t next_batch = 0;
  };

  [[nodiscard]] model::Result<void> open(FileSeq segment);
  /// The encoded entry at the cursor, which moves on. Valid until the next call.
  [[nodiscard]] model::Result<model::EntryView> take(const EntryIndex& index, Cursor& cursor);
  [[nodiscard]] model::Result<void> enter_place(const EntryIndex& index, Cursor& cursor);
  [[nodiscard]] model::Result<void> enter_batch(Cursor& cursor);
  [[nodiscard]] model::Error damaged(std::uint64_t offset, const char* what) const;

  FileSystem& files_;
  std::string directory_;
  Generation generation_;
  FileSeq segment_;
  std::optional<WindowReader> window_;
};

}  // namespace gms::log
