#include "kvstore/storage/rocks_reclaim.hpp"

#include <rocksdb/db.h>

#include <algorithm>
#include <atomic>
#include <vector>

namespace kvstore::storage {
namespace {

/// Less than this part of all bytes is not worth the work.
constexpr std::uint64_t kGainMin = 16;

struct Weights {
  std::uint64_t total = 0;
  /// What may be left when all is written anew.
  std::uint64_t left = 0;
  /// What may be gained: rows that were deleted, or that newer ones may have replaced.
  std::uint64_t gain = 0;
};

Weights weigh(rocksdb::DB& db) {
  std::vector<rocksdb::LiveFileMetaData> files;
  db.GetLiveFilesMetaData(&files);
  Weights out;
  int last_level = 0;
  for (const auto& file : files) last_level = std::max(last_level, file.level);
  std::uint64_t above = 0;
  std::uint64_t rows = 0;
  std::uint64_t deletions = 0;
  for (const auto& file : files) {
    out.total += file.size;
    if (file.level < last_level || file.level == 0) above += file.size;
    rows += file.num_entries - file.num_deletions;
    deletions += file.num_deletions;
  }
  // A deletion takes a row with it and no room itself, as a rule.
  const std::uint64_t rows_left = rows - std::min(rows, deletions);
  const double share = rows == 0 ? 0 : static_cast<double>(rows_left) / static_cast<double>(rows);
  out.left = static_cast<std::uint64_t>(share * static_cast<double>(out.total));
  out.gain = std::min(out.total, out.total - out.left + above);
  return out;
}

}  // namespace

void reclaim_room(rocksdb::DB& db, std::uint64_t available, const std::stop_token& stop) {
  const Weights weights = weigh(db);
  if (weights.gain == 0 || weights.gain < weights.total / kGainMin) return;
  if (weights.left > available / 4 * 3) return;
  std::atomic<bool> cancelled{false};
  const std::stop_callback cancel(stop, [&cancelled] { cancelled.store(true); });
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.canceled = &cancelled;
  (void)db.CompactRange(options, nullptr, nullptr);
}

}  // namespace kvstore::storage
