#include "client/kvctl/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace kvctl {

std::uint64_t Histogram::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted && seen > 0) return std::min(upper_bound(i), max_);
  }
  return max_;
}

std::uint64_t Histogram::upper_bound(std::size_t bucket) {
  if (bucket < kDetail) return bucket;
  const std::size_t shift = bucket / kDetail - 1;
  const std::uint64_t lower = static_cast<std::uint64_t>(kDetail + bucket % kDetail) << shift;
  return lower + ((std::uint64_t{1} << shift) - 1);
}

}  // namespace kvctl
