#include "tests/torture/campaign.hpp"

#include <algorithm>
#include <iostream>

#include "tests/torture/build_id.hpp"

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

bool is_same(const Run& one, const Run& other) {
  return one.scenario == other.scenario && one.seed == other.seed && one.seconds == other.seconds &&
         one.replicas == other.replicas;
}

}  // namespace

bool is_done(const std::vector<Row>& rows, const Run& run, std::string_view build) {
  return std::ranges::any_of(rows, [&](const Row& row) {
    return row.is_clean() && row.build == build && is_same(row.run, run);
  });
}

bool play_all(const Request& request) {
  const std::vector<Row> before =
      request.results.empty() ? std::vector<Row>() : load_rows(request.results);
  const std::string build = build_id();
  bool clean = true;
  for (std::uint64_t seed = request.first_seed; seed <= request.last_seed; ++seed)
    for (const Scenario* scenario : wanted(request)) {
      const Run run{std::string(scenario->name), seed, request.seconds, request.replicas,
                    request.base_port};
      if (is_done(before, run, build)) {
        std::cout << "clean before, not played again: " << command_for(run) << std::endl;
        continue;
      }
      Row row = play(run, *scenario, request.parent, request.keep);
      row.build = build;
      clean = clean && row.is_clean();
      if (!request.results.empty()) append(row, request.results);
    }
  return clean;
}

}  // namespace tests::torture
