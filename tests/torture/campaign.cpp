#include "tests/torture/campaign.hpp"

#include <algorithm>
#include <iostream>

namespace tests::torture {
namespace {

std::vector<const Scenario*> wanted(const Request& request) {
  std::vector<const Scenario*> out;
  if (!request.all) {
    const Scenario* found = find_scenario(request.scenario);
    if (found != nullptr) out.push_back(found);
    return out;
  }
  for (const Scenario& scenario : scenarios()) out.push_back(&scenario);
  return out;
}

/// Where the group listens does not matter.
bool is_same(const Run& one, const Run& other) {
  return one.scenario == other.scenario && one.seed == other.seed && one.seconds == other.seconds &&
         one.replicas == other.replicas;
}

bool is_done(const std::vector<Row>& rows, const Run& run) {
  return std::ranges::any_of(
      rows, [&](const Row& row) { return row.is_clean() && is_same(row.run, run); });
}

}  // namespace

bool play_all(const Request& request) {
  const std::vector<Row> before =
      request.results.empty() ? std::vector<Row>() : load_rows(request.results);
  bool clean = true;
  for (std::uint64_t seed = request.first_seed; seed <= request.last_seed; ++seed)
    for (const Scenario* scenario : wanted(request)) {
      const Run run{std::string(scenario->name), seed, request.seconds, request.replicas,
                    request.base_port};
      if (is_done(before, run)) {
        std::cout << "clean before, not played again: " << command_for(run) << std::endl;
        continue;
      }
      const Row row = play(run, *scenario, request.parent, request.keep);
      clean = clean && row.is_clean();
      if (!request.results.empty()) append(row, request.results);
    }
  return clean;
}

}  // namespace tests::torture
