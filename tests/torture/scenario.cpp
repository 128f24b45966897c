#include "tests/torture/scenario.hpp"

#include <algorithm>

#include "tests/torture/scenarios/clients.hpp"
#include "tests/torture/scenarios/clocks.hpp"
#include "tests/torture/scenarios/corruption.hpp"
#include "tests/torture/scenarios/crashes.hpp"
#include "tests/torture/scenarios/disks.hpp"
#include "tests/torture/scenarios/leader_crash_matrix.hpp"
#include "tests/torture/scenarios/links.hpp"
#include "tests/torture/scenarios/membership.hpp"
#include "tests/torture/scenarios/partitions.hpp"
#include "tests/torture/scenarios/pauses.hpp"
#include "tests/torture/scenarios/power.hpp"
#include "tests/torture/scenarios/soak.hpp"

namespace tests::torture {

namespace {

/// What befalls networks, disks and directories.
std::vector<Scenario> scenarios_of_networks_and_disks() {
  return {
      {"partition-halves", "A majority and the rest do not hear each other, again and again.",
       play_partition_halves, partitions_equipment()},
      {"isolated-leader", "The leader alone hears nobody, and nobody hears it.",
       play_isolated_leader, partitions_equipment()},
      {"bridge-partition", "Two halves hear only one member in common.", play_bridge_partition,
       partitions_equipment()},
      {"one-way-links", "What one member sends another is lost, and the other way it is not.",
       play_one_way_links, partitions_equipment()},
      {"bad-links", "Frames are late, lost, doubled and out of order on all links.", play_bad_links,
       links_equipment()},
      {"flapping-links", "Links break and come back, several times a second.", play_flapping_links,
       links_equipment()},
      {"cut-and-flipped-frames",
       "Connections end in the middle of frames, bits are flipped, and bytes trickle.",
       play_cut_and_flipped_frames, links_equipment()},
      {"failed-fsync", "A sync of a member's log fails, which ends it.", play_failed_fsync,
       disks_equipment()},
      {"write-errors", "Writes of a member's log fail, are done in part, or are interrupted.",
       play_write_errors, disks_equipment()},
      {"disk-full", "Disks have no space left: one from one write to the next, one, or all.",
       play_disk_full, disk_full_equipment()},
      {"slow-disk", "A member's syncs take seconds, which makes nobody suspect it.", play_slow_disk,
       disks_equipment()},
      {"corruption", "A member's directory is damaged while it does not run.", play_corruption,
       corruption_equipment()},
  };
}

/// What befalls processes, their machines, and the group as a whole.
std::vector<Scenario> scenarios_of_processes() {
  return {
      {"calm", "Nothing is done to the group, and clients want for nothing.", play_calm, {}, true},
      {"leader-crash",
       "The leader is killed at random times, and comes back.",
       play_leader_crash,
       {}},
      {"crash-all", "All members are killed at once, and come back.", play_crash_all, {}},
      {"crash-loop", "One member is killed again and again while it starts.", play_crash_loop, {}},
      {"lonely-leader",
       "The followers stand still, are killed so, and go on without what only the leader has.",
       play_lonely_leader,
       {}},
      {"leader-crash-matrix", "The leader is killed at each named point of its work in turn.",
       play_leader_crash_matrix, leader_crash_matrix_equipment()},
      {"sequential-crash",
       "Five members lose their leader three times; then only the last two bring the group back.",
       play_sequential_crash, eager_eviction_equipment()},
      {"pauses",
       "Members, two at a time too, and clients stand still, up to ten times as long as "
       "it takes to suspect them.",
       play_pauses, pauses_equipment()},
      {"starved-cpu",
       "Members get little of the processor, beside programs that never rest.",
       play_starved_cpu,
       {}},
      {"clock-jumps", "Wall clocks jump by hours, run fast and run slow.", play_clock_jumps,
       clock_jumps_equipment()},
      {"killed-clients",
       "Clients are killed with calls in flight, and others take their place.",
       play_killed_clients,
       {}},
      {"membership", "Two operators add, remove, replace, evict and kill members at the same time.",
       play_membership, eager_eviction_equipment()},
      {"rolling-restart", "Each member in turn is restarted in order, in maintenance or not.",
       play_rolling_restart, eager_eviction_equipment()},
      {"power-loss", "Members, or all of them, lose power and what their disks had not synced.",
       play_power_loss, power_loss_equipment()},
      {"soak", "Faults of every kind at random, and nothing that members take may grow.", play_soak,
       soak_equipment()},
  };
}

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> all = scenarios_of_processes();
  const std::vector<Scenario> more = scenarios_of_networks_and_disks();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> kScenarios = all_scenarios();
  return kScenarios;
}

const Scenario* find_scenario(std::string_view name) {
  const auto found = std::ranges::find(scenarios(), name, &Scenario::name);
  return found == scenarios().end() ? nullptr : &*found;
}

}  // namespace tests::torture
