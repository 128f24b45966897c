#include "tests/torture/scenario.hpp"

#include <algorithm>

#include "tests/torture/scenarios/crashes.hpp"
#include "tests/torture/scenarios/leader_crash_matrix.hpp"

namespace tests::torture {

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> kScenarios{
      {"calm", "Nothing is done to the group, and clients want for nothing.", play_calm, {}},
      {"leader-crash",
       "The leader is killed at random times, and comes back.",
       play_leader_crash,
       {}},
      {"crash-all", "All members are killed at once, and come back.", play_crash_all, {}},
      {"crash-loop", "One member is killed again and again while it starts.", play_crash_loop, {}},
      {"leader-crash-matrix", "The leader is killed at each named point of its work in turn.",
       play_leader_crash_matrix, leader_crash_matrix_equipment()},
  };
  return kScenarios;
}

const Scenario* find_scenario(std::string_view name) {
  const auto found = std::ranges::find(scenarios(), name, &Scenario::name);
  return found == scenarios().end() ? nullptr : &*found;
}

}  // namespace tests::torture
