#include "gms/net/sync_clock.hpp"

#include <algorithm>

namespace gms::net {

namespace {

/// The moving mean follows the latest this much.
constexpr int kMeanShare = 16;

}  // namespace

void SyncClock::durable(model::PersistSeq seq, Clock::time_point now,
                        DriverStatistics& statistics) {
  ++statistics.syncs_noticed;
  while (!given_.empty() && given_.front().seq <= seq) {
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(now - given_.front().at);
    given_.pop_front();
    statistics.sync_last = took;
    statistics.sync_max = std::max(statistics.sync_max, took);
    statistics.sync_mean += (took - statistics.sync_mean) / kMeanShare;
  }
}

}  // namespace gms::net
