#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "gms/model/mark.hpp"

namespace gms::core {

/// Places to which a log can be trimmed: ends of chains that were delivered, with what is kept of a
/// place when its entry is long out of memory. Offsets count the bytes of all entries since the
/// engine's start.
class TrimPoints {
 public:
  explicit TrimPoints(std::uint64_t step_bytes) : step_bytes_(step_bytes) {}

  /// Whether a place at `offset` is far enough from the one before.
  [[nodiscard]] bool wants(std::uint64_t offset) const {
    return points_.empty() || offset - points_.back().offset >= step_bytes_;
  }
  /// Precondition: above all before, or after a clear().
  void add(const model::ChainHead& head, std::uint64_t offset);

  /// The last place that is not above `bound` and has at least `bytes_after` bytes behind it when
  /// the log ends at `end`.
  [[nodiscard]] std::optional<model::ChainHead> last(model::Index bound, std::uint64_t bytes_after,
                                                     std::uint64_t end) const;
  /// The bytes after `index` in a log that ends at `end`, at most a step more than there are.
  [[nodiscard]] std::uint64_t bytes_after(model::Index index, std::uint64_t end) const;

  /// Places at and below `index` are of no more use.
  void forget_up_to(model::Index index);
  void clear() { points_.clear(); }

 private:
  struct Point {
    model::ChainHead head;
    std::uint64_t offset = 0;
  };

  const std::uint64_t step_bytes_;
  std::deque<Point> points_;
};

}  // namespace gms::core
