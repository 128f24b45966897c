#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>

#include "kvstore/storage/overlay_table.hpp"
#include "kvstore/storage/rocks_watch.hpp"

namespace kvstore::storage {

/// Writes full tables of an overlay into RocksDB, in order: each as one sorted file, which RocksDB
/// then takes in as it is. A file is in the database whole or not at all, with its applied record
/// inside, so what is durable is known exactly. What fails is tried again, about once a second,
/// until the disk has room. Checkpoints of the database are made in between, in the same order.
///
/// Thread rule: any. Has a thread of its own, which the destructor stops and waits for; tables that
/// are not written then are lost, and checkpoints fail as unavailable.
/// Ownership: borrows the database and the watch, which outlive it; shares the tables.
class RocksTableWriter {
 public:
  struct Settings {
    /// Of the database.
    rocksdb::Options options;
    std::filesystem::path directory;
    /// Free bytes that a failed write is tried again with.
    std::uintmax_t bytes_needed = 0;
  };
  /// A copy of the database to be made in `directory`, which is not there yet, as hard links of its
  /// files. `done` is called once; after an error nothing is left of the copy.
  struct Checkpoint {
    std::string directory;
    std::function<void(const gms::model::Result<void>&)> done;
  };

  RocksTableWriter(rocksdb::DB& db, RocksWatch& watch, Settings settings);

  /// Precondition: nothing writes to the table any more, and it has an applied record.
  void give(std::shared_ptr<const OverlayTable> table);
  /// Makes the checkpoint when all tables given before it are in the database, and none given after
  /// it. It is not waited for while the disk fails: that is an error.
  void give(Checkpoint checkpoint);

  /// Sets room free in the files, as far as it can, when all tables given before are in them.
  /// Precondition: it is not doing so.
  void reclaim();
  [[nodiscard]] bool is_reclaiming() const { return reclaiming_.load(std::memory_order_acquire); }

  /// How many of the tables given are not in the database yet.
  [[nodiscard]] std::size_t waiting_count() const {
    return waiting_count_.load(std::memory_order_acquire);
  }
  /// How far the stream is in the database, of what this wrote; zero before the first table.
  [[nodiscard]] gms::model::Index durable() const {
    return gms::model::Index(durable_.load(std::memory_order_acquire));
  }
  /// Returns when at most `count` tables wait to be written, or after `wait_max`.
  void wait_until_waiting(std::size_t count, std::chrono::milliseconds wait_max);

 private:
  using Table = std::shared_ptr<const OverlayTable>;
  struct Reclaim {};
  using Work = std::variant<Table, Checkpoint, Reclaim>;

  void run(const std::stop_token& stop);
  /// The next work that waits; a table stays where it is until done(). Nothing when it has to stop.
  [[nodiscard]] std::optional<Work> next(const std::stop_token& stop);
  void write_at_last(const OverlayTable& table, const std::stop_token& stop);
  [[nodiscard]] rocksdb::Status write(const OverlayTable& table);
  [[nodiscard]] rocksdb::Status write_file(const OverlayTable& table) const;
  void done(gms::model::Index upto);
  void make(const Checkpoint& checkpoint);
  void reclaim_now(const std::stop_token& stop);
  void refuse_checkpoints(const gms::model::Error& why);
  void pause(const std::stop_token& stop, std::chrono::milliseconds time);
  void wait_for_compaction(const std::stop_token& stop);
  [[nodiscard]] bool has_room() const;

  rocksdb::DB& db_;
  RocksWatch& watch_;
  Settings settings_;
  /// Where a table's file is made, before the database takes it.
  std::string file_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Table> waiting_;
  /// Each with the tables that had been given before it.
  std::deque<std::pair<std::uint64_t, Checkpoint>> checkpoints_;
  /// The tables that are written first.
  std::optional<std::uint64_t> reclaim_after_;
  std::uint64_t given_ = 0;
  std::uint64_t written_ = 0;
  std::atomic<std::size_t> waiting_count_{0};
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<bool> reclaiming_{false};
  // Last, so that it starts when all else is there.
  std::jthread thread_;
};

}  // namespace kvstore::storage
