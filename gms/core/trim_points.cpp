#include "gms/core/trim_points.hpp"

#include <algorithm>

#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

void TrimPoints::add(const ChainHead& head, std::uint64_t offset) {
  GMS_ASSERT(points_.empty() || points_.back().head.position.index < head.position.index, "A4");
  points_.push_back({head, offset});
}

std::optional<ChainHead> TrimPoints::last(Index bound, std::uint64_t bytes_after,
                                          std::uint64_t end) const {
  for (auto point = points_.rbegin(); point != points_.rend(); ++point) {
    if (point->head.position.index > bound) continue;
    if (end - point->offset >= bytes_after) return point->head;
  }
  return std::nullopt;
}

std::uint64_t TrimPoints::bytes_after(Index index, std::uint64_t end) const {
  const auto above = std::upper_bound(
      points_.begin(), points_.end(), index,
      [](Index wanted, const Point& point) { return wanted < point.head.position.index; });
  if (above != points_.begin()) return end - std::prev(above)->offset;
  return points_.empty() ? 0 : end - points_.front().offset;
}

void TrimPoints::forget_up_to(Index index) {
  while (!points_.empty() && points_.front().head.position.index <= index) points_.pop_front();
}

}  // namespace gms::core
