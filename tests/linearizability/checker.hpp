#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tests/linearizability/history.hpp"

namespace tests::linearizability {

/// `inconclusive` is not `linearizable`: the search gave up.
enum class Verdict : std::uint8_t { linearizable, violated, inconclusive };

struct CheckResult {
  Verdict verdict = Verdict::linearizable;
  /// The key that is not linearizable, or that was given up.
  Key key;
  /// The operations around the point that no order explains, one a line.
  std::string detail;
};

/// Steps of the search for one key before it gives up.
inline constexpr std::size_t kSearchStepsMax = 20'000'000;

/// Decides whether some order of the operations, which keeps every pair that did not overlap in its
/// real order, explains all results: the algorithm of Wing and Gong with Lowe's memoisation. Keys
/// are independent, so each is checked alone. A write of unknown outcome may take effect at any
/// time after its call or never; a read of unknown outcome says nothing; `failed` operations took
/// no effect and are left out. Thread rule: any.
[[nodiscard]] CheckResult check_linearizability(std::span<const Operation> history,
                                                std::size_t steps_max = kSearchStepsMax);

}  // namespace tests::linearizability
