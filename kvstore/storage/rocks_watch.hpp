#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>

#include "gms/model/result.hpp"

namespace kvstore::storage {

/// What RocksDB's background work tells the store. Any thread.
class RocksWatch {
 public:
  void flushed();
  /// Grows with every flush that is complete and visible.
  [[nodiscard]] std::uint64_t flushes() const { return flushes_.load(std::memory_order_acquire); }

  /// Returns when there were more flushes than `seen`, or after `wait_max`.
  void wait_for_flush(std::uint64_t seen, std::chrono::milliseconds wait_max);

  void failed(gms::model::Error error);
  void recovered();
  /// The failure that is not recovered from.
  [[nodiscard]] std::optional<gms::model::Error> trouble() const;
  /// Returns when there is trouble, or when stopping was requested.
  void wait_for_trouble(std::stop_token stop);

 private:
  std::atomic<std::uint64_t> flushes_{0};
  // Spares the store's thread the mutex while all is well.
  std::atomic<bool> is_troubled_{false};
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<gms::model::Error> trouble_;
};

}  // namespace kvstore::storage
