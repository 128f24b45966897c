#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "kvstore/storage/store.hpp"

namespace kvstore::storage {

struct RocksOptions {
  /// Memory for rows that are not on disk yet: so much is written out at a time, or less after
  /// twice as many bytes of changes, since a restart replays those. The store is behind when it
  /// takes eight times as much, while the disk is too slow or full. It takes more than that for
  /// what is applied all the same, and while snapshots of older states are held.
  std::size_t memtable_bytes = 32 * 1024 * 1024;
  /// Memory for blocks read from disk.
  std::size_t cache_bytes = 64 * 1024 * 1024;
  /// Hears of errors inside the store, a line each. Called on any thread.
  std::function<void(std::string_view)> on_error;
};

/// A Store in a directory of RocksDB, behind an overlay of its own in memory. What is applied goes
/// to the overlay; a table of it that is full is written as one sorted file, with the applied
/// record under `_/applied`, and RocksDB takes that in. Neither RocksDB's memtables nor its
/// write-ahead log are used.
class RocksStore final : public Store {
 public:
  /// Opens the store in `directory`, or makes one. Errors: io; corrupt, for a store that is
  /// damaged; unavailable, for one that another process has open.
  [[nodiscard]] static gms::model::Result<std::unique_ptr<RocksStore>> open(
      const std::string& directory, const RocksOptions& options);

  /// The newest applied record of a store that nobody has open; writes nothing there. Errors: as of
  /// open().
  [[nodiscard]] static gms::model::Result<std::optional<AppliedRecord>> look_up_applied(
      const std::string& directory);

  /// Reads what whoever opens the store in `directory` reads at once, its applied record and its
  /// sessions, from the files; writes nothing there. Errors: as of open().
  [[nodiscard]] static gms::model::Result<void> check_beginning(const std::string& directory);

  ~RocksStore() override;
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  [[nodiscard]] gms::model::Result<void> apply(const ChangeSet& changes) override;
  [[nodiscard]] gms::model::Result<std::optional<api::Revision>> get(
      Space space, gms::model::ByteSpan key, gms::model::Bytes& value) const override;
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const override;
  [[nodiscard]] gms::model::Result<std::optional<AppliedRecord>> stored() const override;
  [[nodiscard]] gms::model::Index durable() const override;
  [[nodiscard]] bool is_behind() const override;
  [[nodiscard]] gms::model::Result<void> flush() override;
  [[nodiscard]] std::optional<gms::model::Error> trouble() const override;

  /// Copies the state right after the newest change set to `directory`, an absolute path that is
  /// not there yet but its parent is, as hard links of files. `done` is called once, within the
  /// call or on another thread. Errors, after which nothing is left of the copy: io, unavailable
  /// (the store was closed).
  void checkpoint(std::string directory, std::function<void(const gms::model::Result<void>&)> done);

  /// Writes its memory out, and its files anew without what was deleted and overwritten, if that
  /// gains something and the disk has room for it. Returns at once. Precondition: it is not doing
  /// so already.
  void reclaim();
  [[nodiscard]] bool is_reclaiming() const;

  /// Is the store in `directory` from here on. Returns what it was, to be destroyed on any thread.
  /// Precondition: nobody holds a snapshot. Errors: as of open(), and it stays what it was.
  [[nodiscard]] gms::model::Result<std::unique_ptr<RocksStore>> go_over_to(
      const std::string& directory);

 private:
  struct State;
  explicit RocksStore(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace kvstore::storage
