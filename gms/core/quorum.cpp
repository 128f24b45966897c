#include "gms/core/quorum.hpp"

#include <algorithm>
#include <functional>

namespace gms::core {

std::uint64_t nth_largest(std::span<std::uint64_t> values, std::size_t n) {
  if (n == 0 || values.size() < n) return 0;
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(n - 1);
  std::nth_element(values.begin(), nth, values.end(), std::greater<>{});
  return *nth;
}

}  // namespace gms::core
