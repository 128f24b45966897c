#pragma once

#include <chrono>
#include <deque>

#include "gms/model/ids.hpp"
#include "gms/net/status.hpp"

namespace gms::net {

/// Measures how long orders to the log take to become durable. One thread.
class SyncClock {
 public:
  using Clock = std::chrono::steady_clock;

  /// Orders up to `seq` were given now.
  void given(model::PersistSeq seq, Clock::time_point now) { given_.push_back({seq, now}); }
  /// Orders up to `seq` are known to be durable now.
  void durable(model::PersistSeq seq, Clock::time_point now, DriverStatistics& statistics);

 private:
  struct Given {
    model::PersistSeq seq;
    Clock::time_point at;
  };

  std::deque<Given> given_;
};

}  // namespace gms::net
