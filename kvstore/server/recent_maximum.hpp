#pragma once

#include <chrono>

#include "gms/model/ids.hpp"

namespace kvstore::server {

/// The longest of the times that were measured lately: of the last minute for sure, and of none
/// before the last two. Thread rule: one thread. Time is told by the caller and does not go back.
class RecentMaximum {
 public:
  void add(std::chrono::microseconds time, gms::model::Instant now);
  /// Zero when nothing was measured lately.
  [[nodiscard]] std::chrono::microseconds at(gms::model::Instant now) const;

 private:
  /// What was measured from `since` on, for a minute, and in the minute before that.
  struct Minutes {
    gms::model::Instant since{};
    std::chrono::microseconds current{};
    std::chrono::microseconds previous{};
  };

  [[nodiscard]] Minutes turned(gms::model::Instant now) const;

  Minutes minutes_;
};

}  // namespace kvstore::server
