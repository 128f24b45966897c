#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <thread>

#include "kvstore/storage/rocks_watch.hpp"

namespace kvstore::storage {

/// Tries failed flushes again, about once a second, when the disk has room for one.
///
/// Thread rule: has a thread of its own, which the destructor stops and waits for.
/// Ownership: borrows the database and the watch, which outlive it.
class FlushRetry {
 public:
  /// `bytes_needed`: free bytes in `directory` that a flush is tried with.
  FlushRetry(rocksdb::DB& db, RocksWatch& watch, std::filesystem::path directory,
             std::uintmax_t bytes_needed);

 private:
  void run(std::stop_token stop);
  [[nodiscard]] bool has_room() const;

  rocksdb::DB& db_;
  RocksWatch& watch_;
  std::filesystem::path directory_;
  std::uintmax_t bytes_needed_;
  std::jthread thread_;
};

}  // namespace kvstore::storage
