#pragma once

#include <cstddef>
#include <span>

#include "gms/model/ids.hpp"
#include "gms/model/quorum.hpp"

namespace gms::core {

using model::quorum;

/// The `n`-th largest of `values`, which it reorders; zero when there are fewer than n.
/// With n = quorum(voters) and a value for each voter it is what a quorum has reached.
[[nodiscard]] std::uint64_t nth_largest(std::span<std::uint64_t> values, std::size_t n);

}  // namespace gms::core
