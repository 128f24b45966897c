#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace kvctl {

/// Counts of durations, exact to one part in 32, in a fixed space.
class Histogram {
 public:
  void add(std::uint64_t value) {
    ++counts_[bucket_of(value)];
    ++total_;
    sum_ += value;
    if (value > max_) max_ = value;
  }

  [[nodiscard]] std::uint64_t count() const { return total_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  [[nodiscard]] double mean() const {
    return total_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(total_);
  }
  /// The value that `share` of all do not exceed, 0 < share ≤ 1; zero when there are none.
  [[nodiscard]] std::uint64_t percentile(double share) const;

  /// Calls `visit(upper bound, count)` with every bucket that is not empty, from the lowest.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (counts_[i] != 0) visit(upper_bound(i), counts_[i]);
  }

 private:
  /// Buckets for each power of two.
  static constexpr unsigned kDetailBits = 5;
  static constexpr std::size_t kDetail = std::size_t{1} << kDetailBits;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value) {
    if (value < kDetail) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kDetailBits;
    return (shift + 1) * kDetail + static_cast<std::size_t>((value >> shift) - kDetail);
  }
  [[nodiscard]] static std::uint64_t upper_bound(std::size_t bucket);

  std::array<std::uint64_t, (64 - kDetailBits + 1) * kDetail> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace kvctl
