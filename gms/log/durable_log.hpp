#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "gms/log/log_store.hpp"
#include "gms/log/spare_maker.hpp"
#include "gms/log/work_queue.hpp"
#include "gms/model/log.hpp"

namespace gms::log {

/// What a DurableLog has done since its start.
struct LogStatistics {
  /// Groups of orders that were made durable together, and how long that took: writing and syncing.
  std::uint64_t syncs = 0;
  std::chrono::nanoseconds sync_time_total{0};
  std::chrono::nanoseconds sync_time_max{0};
  /// Orders given and not yet durable.
  std::uint64_t queue_depth = 0;
  /// Written to segments, headers and padding included.
  std::uint64_t bytes_written = 0;
  /// Segments in the directory after the last sync, those made ahead included, and their size.
  std::uint64_t segments = 0;
  std::uint64_t segment_bytes = 0;
};

/// A LogStore behind a thread of its own: orders that come while one sync is in flight are made
/// durable together by the next. Reads give way to orders, which wait for one read at most.
///
/// Thread rule: persist() and read() from one thread at a time, statistics() from any. The listener
/// is called on the log's thread. Ownership: the listener and the store's file system outlive it.
class DurableLog final : public model::Log {
 public:
  struct Options {
    /// After so long without an order the log is sealed, once.
    model::Duration seal_after{100};
    /// How often the room on the disk is looked at.
    model::Duration room_check{1000};
  };

  DurableLog(std::unique_ptr<LogStore> store, model::LogListener& listener, Options options);
  ~DurableLog() override;

  void persist(model::PersistRequest request) override;
  void read(model::ReadRequest request) override;
  /// Not to be called from the listener.
  void stop() override;

  /// Numbers of different moments, each one right.
  [[nodiscard]] LogStatistics statistics() const;

 private:
  struct Stop {};
  using Health = model::Result<model::StorageHealth>;
  using Work = std::variant<model::PersistRequest, model::ReadRequest, Health, Stop>;

  void give(Work work);
  void run();
  void rest();
  void carry_out(std::vector<Work> work);
  void write_group();
  void answer_a_read();
  void seal();
  void take_health(const Health& health);
  void ask_for_spares();
  void fail(const model::Error& error);
  void count_sync(std::chrono::nanoseconds took);

  std::unique_ptr<LogStore> store_;
  model::LogListener& listener_;
  Options options_;
  WorkQueue<Work> queue_;
  Wakeup wakeup_;

  // Of the log's thread alone.
  std::vector<model::PersistRequest> group_;
  std::deque<model::ReadRequest> reads_;
  std::size_t spares_missing_ = 0;
  bool unsealed_ = false;
  bool failed_ = false;
  bool stopping_ = false;

  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<std::chrono::nanoseconds::rep> sync_time_total_ = 0;
  std::atomic<std::chrono::nanoseconds::rep> sync_time_max_ = 0;
  std::atomic<std::uint64_t> queue_depth_ = 0;
  std::atomic<std::uint64_t> bytes_written_ = 0;
  std::atomic<std::uint64_t> segments_ = 0;
  std::atomic<std::uint64_t> segment_bytes_ = 0;

  // Last, so that the threads start when all else is there.
  std::optional<SpareMaker> spare_maker_;
  std::thread thread_;
};

}  // namespace gms::log
