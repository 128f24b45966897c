#pragma once

#include <functional>
#include <thread>

#include "gms/log/spare_segments.hpp"
#include "gms/log/wakeup.hpp"
#include "gms/model/log.hpp"

namespace gms::log {

/// Makes segments ahead on a thread of its own, there disposes of those that were given up, and
/// watches the room on the disk.
///
/// The disk counts as full while a wanted spare cannot be made or less than the reserve is free:
/// long before the log itself runs out, which has its spares still. Before that it counts as low.
/// It looks again by itself.
///
/// Thread rule: look() from any thread; the report comes on the maker's thread. Ownership: the
/// spares outlive it.
class SpareMaker {
 public:
  /// Hears of a change of health, or of the storage fault after which nothing more is made.
  using Report = std::function<void(model::Result<model::StorageHealth>)>;

  SpareMaker(SpareSegments& spares, model::Duration check_interval, Report report);
  ~SpareMaker();
  SpareMaker(const SpareMaker&) = delete;
  SpareMaker& operator=(const SpareMaker&) = delete;

  /// Something may be wanted: look now.
  void look() { wakeup_.wake(); }
  /// Waits for the thread's end; a segment half made is given up. No report comes after it.
  void stop();

 private:
  void run(const std::stop_token& stop);
  /// How the disk fares after making what is missing, as far as there is room.
  [[nodiscard]] model::Result<model::StorageHealth> make_missing(const std::stop_token& stop);

  SpareSegments& spares_;
  model::Duration check_interval_;
  Report report_;
  Wakeup wakeup_;
  std::jthread thread_;
};

}  // namespace gms::log
