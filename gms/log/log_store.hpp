#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gms/log/entry_reader.hpp"
#include "gms/log/segment_writer.hpp"
#include "gms/log/state_files.hpp"
#include "gms/model/log.hpp"

namespace gms::log {

/// Sizes of a log on disk.
struct LogOptions {
  std::uint64_t segment_bytes = 32 * 1024 * 1024;
  /// Of the first segment, which is made while a start waits for it.
  std::uint64_t first_segment_bytes = 1024 * 1024;
  /// Segments made ahead.
  std::size_t spares = 2;
  /// Segments kept for further use of those that a trim sets free.
  std::size_t spares_max = 4;
  /// Room on the disk below which nothing is made ahead and the disk counts as full.
  std::uint64_t reserve_bytes = 64 * 1024 * 1024;
  /// Room on the disk below which there is little; zero for never.
  std::uint64_t low_bytes = 0;
  /// Bytes of the newest entries that recovery returns.
  std::size_t tail_bytes_max = 64 * 1024 * 1024;
};

/// A member's data directory but for its state machine: identity, boot, hard state and log.
///
/// Guarantee: what write() reported as done survives any later loss of power, in the order of the
/// calls, and is found by the next recover(); what it did not report may be found in part, never
/// out of order within the log. A torn tail is cut; damage to what was durable is an error [C13].
/// A trim and an install take effect whole or not at all: META is where they do [C15].
/// After any error of a write nothing more is written: every later one fails [C12].
///
/// Thread rule: one thread, but for spares(), which may be made on another one. No threads and no
/// clock inside: the same calls on the same disk do the same.
/// Ownership: the file system outlives it. Holds the directory's lock as long as it lives.
class LogStore {
 public:
  struct Recovered {
    std::unique_ptr<LogStore> store;
    /// But for what the application has applied, which is not in the log.
    model::RestoredState state;
  };

  /// Starts a boot: reads everything, makes durable what was read, and opens the log for writing
  /// (docs/protocol.md, start-up). Errors: not_found (not a data directory), conflict (in use),
  /// corrupt (this incarnation must not start again; says where and what to do), io, busy.
  [[nodiscard]] static model::Result<Recovered> recover(FileSystem& files,
                                                        const std::string& directory,
                                                        const LogOptions& options);

  /// Carries the orders out and returns when all are durable, with as few syncs as that takes.
  /// Errors: io, busy; from then on closed.
  /// Segments that a trim or an install set free are left to spares().
  [[nodiscard]] model::Result<void> write(std::span<const model::PersistRequest> requests);
  /// Sees everything written. Errors: corrupt, io.
  [[nodiscard]] model::Result<model::ReadAnswer> read(const model::ReadRequest& request);
  /// Appends an empty batch, durably, that proves that all before it was durable: a damaged last
  /// batch is told from a torn one then. Does nothing when the last batch is one. Errors as
  /// write().
  [[nodiscard]] model::Result<void> seal();

  /// Checks what an application says it has applied: at or above the base, in the log, and the same
  /// entry there [I20]. Error: corrupt, when the log lost or changed what was acknowledged; io.
  [[nodiscard]] model::Result<void> check_applied(const model::Mark& mark);

  [[nodiscard]] SpareSegments& spares() { return *spares_; }
  /// Written to segments since the start.
  [[nodiscard]] std::uint64_t bytes_written() const {
    return bytes_written_before_ + writer_->bytes_written();
  }
  /// Of all segments in the directory.
  [[nodiscard]] SegmentUsage usage() const;

 private:
  LogStore(FileSystem& files, std::unique_ptr<DirectoryLock> lock, StateFiles state_files,
           const StoredState& state, const std::string& log_directory);

  [[nodiscard]] model::Result<void> open_segments(const LogOptions& options, ScannedLog scanned);
  [[nodiscard]] model::Result<void> write_all(std::span<const model::PersistRequest> requests);
  [[nodiscard]] model::Result<void> write_promises(std::span<const model::PersistRequest> requests);
  [[nodiscard]] model::Result<void> install(const model::InstallRequest& request);
  /// Begins a log without entries after the base of `meta`, whose generation and salt are the old
  /// log's.
  [[nodiscard]] model::Result<void> begin_anew(Meta meta);
  /// Precondition: the log has the entry at the base; nothing is added and not synced.
  [[nodiscard]] model::Result<void> move_base(Meta meta);
  [[nodiscard]] model::Result<void> note_divergence(bool diverged);
  /// Gives up what lies below the base.
  void retire_segments();
  [[nodiscard]] SegmentWriter::Stamp stamp() const;
  [[nodiscard]] model::Result<model::ChainHead> head_at(model::Index index);
  /// Passes a result on; after a failed one the store is done with.
  [[nodiscard]] model::Result<void> watched(model::Result<void> result);

  FileSystem& files_;
  std::unique_ptr<DirectoryLock> lock_;
  StateFiles state_files_;
  std::string log_directory_;
  std::uint64_t first_segment_bytes_ = 0;
  model::Identity identity_;
  model::BootSeq boot_;
  Meta meta_;
  EntryReader reader_;
  std::unique_ptr<SpareSegments> spares_;
  std::optional<SegmentWriter> writer_;
  /// By the writers of earlier generations.
  std::uint64_t bytes_written_before_ = 0;
  bool failed_ = false;
};

}  // namespace gms::log
