#include "kvstore/server/recent_maximum.hpp"

#include <algorithm>

namespace kvstore::server {
namespace {

constexpr gms::model::Duration kMinute = std::chrono::minutes(1);

}  // namespace

void RecentMaximum::add(std::chrono::microseconds time, gms::model::Instant now) {
  minutes_ = turned(now);
  minutes_.current = std::max(minutes_.current, time);
}

std::chrono::microseconds RecentMaximum::at(gms::model::Instant now) const {
  const Minutes minutes = turned(now);
  return std::max(minutes.current, minutes.previous);
}

RecentMaximum::Minutes RecentMaximum::turned(gms::model::Instant now) const {
  if (now - minutes_.since >= 2 * kMinute) return {now, {}, {}};
  if (now - minutes_.since >= kMinute) return {minutes_.since + kMinute, {}, minutes_.current};
  return minutes_;
}

}  // namespace kvstore::server
