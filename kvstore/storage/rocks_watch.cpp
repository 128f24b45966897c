#include "kvstore/storage/rocks_watch.hpp"

#include <utility>

namespace kvstore::storage {

using gms::model::Error;

void RocksWatch::flushed() {
  {
    const std::lock_guard lock(mutex_);
    flushes_.fetch_add(1, std::memory_order_release);
  }
  changed_.notify_all();
}

void RocksWatch::wait_for_flush(std::uint64_t seen, std::chrono::milliseconds wait_max) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait_max, [this, seen] { return flushes() > seen; });
}

void RocksWatch::failed(Error error) {
  {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(error);
    is_troubled_ = true;
  }
  changed_.notify_all();
}

void RocksWatch::recovered() {
  const std::lock_guard lock(mutex_);
  trouble_.reset();
  is_troubled_ = false;
}

std::optional<Error> RocksWatch::trouble() const {
  if (!is_troubled_) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void RocksWatch::wait_for_trouble(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return trouble_.has_value(); });
}

}  // namespace kvstore::storage
