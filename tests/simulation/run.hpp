#pragma once

#include <optional>

#include "tests/simulation/options.hpp"
#include "tests/simulation/statistics.hpp"
#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// How long a run is and what it says.
struct RunSettings {
  VirtualTime length = std::chrono::seconds(30);
  bool print_events = false;
};

struct RunResult {
  std::optional<Violation> violation;
  /// When it was found.
  VirtualTime at{};
  std::uint64_t trace_hash = 0;
  Statistics statistics;
};

/// One simulated life of a cluster: it forms, is struck by faults, and must then serve again with
/// nothing but a quorum, and keep everything through a loss of all power. Ends at the first
/// violation.
[[nodiscard]] RunResult run(const Options& options, const RunSettings& settings);

}  // namespace tests::simulation
