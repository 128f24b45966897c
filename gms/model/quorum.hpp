#pragma once

#include <cstddef>

namespace gms::model {

/// The smallest number of `voters` members of which any two sets meet: floor(n / 2) + 1. Sets of
/// that size of two views that differ by one voter meet as well, which is what view changes rest
/// on.
[[nodiscard]] constexpr std::size_t quorum(std::size_t voters) {
  return voters / 2 + 1;
}

}  // namespace gms::model
