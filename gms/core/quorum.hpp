#pragma once

#include <cstddef>
#include <span>

#include "gms/model/ids.hpp"

namespace gms::core {

/// The smallest number of `voters` members of which any two sets meet: floor(n / 2) + 1. Sets of
/// that size of two views that differ by one voter meet as well, which is what view changes rest
/// on.
[[nodiscard]] constexpr std::size_t quorum(std::size_t voters) {
  return voters / 2 + 1;
}

/// The `n`-th largest of `values`, which it reorders; zero when there are fewer than n.
/// With n = quorum(voters) and a value for each voter it is what a quorum has reached.
[[nodiscard]] std::uint64_t nth_largest(std::span<std::uint64_t> values, std::size_t n);

}  // namespace gms::core
