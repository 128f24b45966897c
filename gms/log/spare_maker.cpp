#include "gms/log/spare_maker.hpp"

#include <utility>

#include "gms/model/background.hpp"

namespace gms::log {

using model::ErrorCode;
using model::Result;
using model::StorageHealth;

SpareMaker::SpareMaker(SpareSegments& spares, model::Duration check_interval, Report report)
    : spares_(spares),
      check_interval_(check_interval),
      report_(std::move(report)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

SpareMaker::~SpareMaker() {
  stop();
}

void SpareMaker::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  wakeup_.wake();
  thread_.join();
}

void SpareMaker::run(const std::stop_token& stop) {
  model::run_in_background();
  StorageHealth reported;
  while (!stop.stop_requested()) {
    const auto health = make_missing(stop);
    if (stop.stop_requested()) return;
    if (!health || *health != reported) report_(health);
    if (!health) return;
    reported = *health;
    static_cast<void>(wakeup_.wait_for(check_interval_));
  }
}

Result<StorageHealth> SpareMaker::make_missing(const std::stop_token& stop) {
  // What is given up makes room.
  Result<void> fares = spares_.recycle(stop);
  if (fares) fares = spares_.check_room();
  while (fares && spares_.missing() > 0) fares = spares_.make(stop);
  if (!fares && fares.error().code != ErrorCode::busy) return fares.error();
  const auto low = spares_.is_low();
  if (!low) return low.error();
  if (fares) return StorageHealth{false, false, *low};
  return StorageHealth{true, spares_.has_reserve_left(), *low};
}

}  // namespace gms::log
