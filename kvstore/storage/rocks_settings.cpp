#include "kvstore/storage/rocks_settings.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <limits>
#include <mutex>
#include <system_error>
#include <utility>

namespace kvstore::storage {
namespace {

using gms::model::Error;
using gms::model::ErrorCode;

constexpr std::size_t kUnusedMemtableBytes = 64 * 1024;

/// No more lines than these are passed on in this time.
constexpr int kLogLinesMax = 8;
constexpr std::chrono::minutes kLogInterval{1};

/// Passes errors on and keeps no log file. RocksDB's own logger must not be used: on a full disk it
/// aborts the process.
class ErrorLogger final : public rocksdb::Logger {
 public:
  explicit ErrorLogger(std::function<void(std::string_view)> sink)
      : Logger(rocksdb::InfoLogLevel::ERROR_LEVEL), sink_(std::move(sink)) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    if (!sink_ || !has_turn()) return;
    std::array<char, 1024> line;
    const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
    if (size > 0) sink_({line.data(), std::min(static_cast<std::size_t>(size), line.size() - 1)});
  }

 private:
  /// RocksDB repeats itself for as long as a disk is full.
  bool has_turn() {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    if (now - interval_start_ >= kLogInterval) {
      interval_start_ = now;
      lines_ = 0;
    }
    return ++lines_ <= kLogLinesMax;
  }

  std::function<void(std::string_view)> sink_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point interval_start_{};
  int lines_ = 0;
};

class Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(std::shared_ptr<RocksWatch> watch) : watch_(std::move(watch)) {}

  const char* Name() const override { return "groupkv"; }
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    if (!error->ok()) watch_->failed(to_error(*error));
  }
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    if (info.new_bg_error.ok()) watch_->recovered();
  }

 private:
  std::shared_ptr<RocksWatch> watch_;
};

/// Nothing is written to RocksDB's memtables: rows come as whole files.
void set_write_path(rocksdb::Options& to) {
  to.write_buffer_size = kUnusedMemtableBytes;
  to.level0_file_num_compaction_trigger = 8;
  to.max_background_jobs = 2;
}

void set_files(rocksdb::Options& to) {
  to.compression = rocksdb::kLZ4Compression;
  to.target_file_size_base = 64 * 1024 * 1024;
  to.max_bytes_for_level_base = 512 * 1024 * 1024;
  to.level_compaction_dynamic_level_bytes = true;
  to.max_open_files = 512;
  // Written out bit by bit: one large write-back would hold up the syncs of the group's log.
  to.bytes_per_sync = 1024 * 1024;
  to.stats_dump_period_sec = 0;
  to.stats_persist_period_sec = 0;
}

void set_integrity(rocksdb::Options& to) {
  to.paranoid_checks = true;
  to.force_consistency_checks = true;
  to.best_efforts_recovery = false;
  to.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  // A full disk is waited for as long as it takes.
  to.max_bgerror_resume_count = std::numeric_limits<int>::max();
  to.bgerror_resume_retry_interval = 1'000'000;
}

void set_tables(rocksdb::Options& to, const RocksOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  to.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

}  // namespace

rocksdb::Options rocks_options(const RocksOptions& options, std::shared_ptr<RocksWatch> watch) {
  rocksdb::Options out;
  out.create_if_missing = true;
  out.info_log = std::make_shared<ErrorLogger>(options.on_error);
  out.listeners.push_back(std::make_shared<Listener>(std::move(watch)));
  set_write_path(out);
  set_files(out);
  set_integrity(out);
  set_tables(out, options);
  return out;
}

Error to_error(const rocksdb::Status& status) {
  const std::string text = "RocksDB: " + status.ToString();
  if (status.IsCorruption()) return {ErrorCode::corrupt, text};
  // RocksDB has no code of its own for a directory that another process has open.
  const bool is_locked = status.IsIOError() && text.find("lock") != std::string::npos &&
                         text.find("LOCK") != std::string::npos;
  return {is_locked ? ErrorCode::unavailable : ErrorCode::io, text};
}

Error to_read_error(const rocksdb::Status& status) {
  Error error = to_error(status);
  // RocksDB keeps no number of the error, only its text.
  static const std::string kUnreadable = std::generic_category().message(EIO);
  if (status.IsIOError() && error.detail.find(kUnreadable) != std::string::npos)
    error.code = ErrorCode::corrupt;
  return error;
}

}  // namespace kvstore::storage
