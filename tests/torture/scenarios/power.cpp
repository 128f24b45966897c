#include "tests/torture/scenarios/power.hpp"

#include <algorithm>
#include <random>

namespace tests::torture {

void power_off(Stage& stage, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    stage.nemesis().expect_end(name);
    stage.nemesis().note("power off", name);
  }
  cluster::FaultyDisks::power_off(stage.group(), names);
}

void play_power_loss(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(300, 1500);
    std::vector<std::string> names = stage.members();
    std::mt19937_64 random(stage.dice().number());
    std::ranges::shuffle(names, random);
    // All of them in every third case, which only a log that was synced survives.
    if (!stage.dice().one_in(3)) names.resize(stage.dice().between(1, names.size()));
    power_off(stage, names);
    for (const std::string& name : names) stage.nemesis().start(name);
    stage.wait_all_up();
  }
}

Equipment power_loss_equipment() {
  Equipment equipment;
  equipment.faulty_disks = true;
  // New files all the time.
  equipment.variables = {{"KVD_LOG_SEGMENT_BYTES", "256KiB"},
                         {"KVD_LOG_FIRST_SEGMENT_BYTES", "256KiB"},
                         {"KVD_STORAGE_MEMTABLE_BYTES", "32KiB"}};
  return equipment;
}

}  // namespace tests::torture
