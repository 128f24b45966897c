#include "kvstore/storage/rocks_flush_retry.hpp"

#include <system_error>
#include <utility>

namespace kvstore::storage {

using namespace std::chrono_literals;

namespace {

constexpr auto kRetryAfter = 1s;

}  // namespace

FlushRetry::FlushRetry(rocksdb::DB& db, RocksWatch& watch, std::filesystem::path directory,
                       std::uintmax_t bytes_needed)
    : db_(db),
      watch_(watch),
      directory_(std::move(directory)),
      bytes_needed_(bytes_needed),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

void FlushRetry::run(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any pause;
  while (!stop.stop_requested()) {
    watch_.wait_for_trouble(stop);
    std::unique_lock lock(mutex);
    pause.wait_for(lock, stop, kRetryAfter, [&stop] { return stop.stop_requested(); });
    if (stop.stop_requested() || !watch_.trouble() || !has_room()) continue;
    rocksdb::FlushOptions options;
    options.wait = false;
    // Otherwise it would wait for the very memtables that it is meant to write out.
    options.allow_write_stall = true;
    // How the flush ends is told to the watch.
    (void)db_.Flush(options);
  }
}

bool FlushRetry::has_room() const {
  std::error_code error;
  const auto space = std::filesystem::space(directory_, error);
  return !error && space.available >= bytes_needed_;
}

}  // namespace kvstore::storage
