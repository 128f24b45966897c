#include "tests/torture/scenarios/soak.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "tests/torture/client_process.hpp"
#include "tests/torture/footprint.hpp"
#include "tests/torture/scenarios/clocks.hpp"
#include "tests/torture/scenarios/corruption.hpp"
#include "tests/torture/scenarios/disks.hpp"
#include "tests/torture/scenarios/links.hpp"
#include "tests/torture/scenarios/membership.hpp"
#include "tests/torture/scenarios/pauses.hpp"
#include "tests/torture/scenarios/power.hpp"

namespace tests::torture {
namespace {

/// Of the run, for which one process has to have been watched.
constexpr double kShareWatched = 0.5;

/// One fault of any kind, and what ends it. One member is spared what would end it: its process
/// lives as long as the run, so that what it takes can be seen to grow.
class Harm {
 public:
  Harm(Stage& stage, std::string spared)
      : stage_(stage), nemesis_(stage.nemesis()), spared_(std::move(spared)) {}

  void one() {
    switch (stage_.dice().between(0, 5)) {
      case 0:
      case 1: return harm_process();
      case 2: return harm_network();
      case 3: return harm_disk();
      case 4: return change_group();
      default: return harm_clients_or_clocks();
    }
  }

 private:
  void harm_process() {
    switch (stage_.dice().between(0, 5)) {
      case 0:
      case 1: return crash(mortal());
      case 2: return crash_many();
      case 3: return stop_somewhere(mortal());
      case 4: return pause(anybody());
      default: return starve_somebody();
    }
  }
  void harm_network() {
    switch (stage_.dice().between(0, 4)) {
      case 0: return part({{stage_.dice().one_of(stage_.network().names())}});
      case 1: return isolate_leader();
      case 2: return cut_one_way();
      case 3: make_links_bad(stage_); break;
      default: damage_frames(stage_); break;
    }
    heal_links_after(300, 2500);
  }
  void harm_disk() {
    switch (stage_.dice().between(0, 9)) {
      case 0:
      case 1:
      case 2: return lose_power();
      case 3:
      case 4:
      case 5: return void(fail_log(stage_, mortal(), std::chrono::seconds(3)));
      case 6:
      case 7: return slow_disk();
      case 8: return damage_directory(stage_, mortal());
      default: return disturb();
    }
  }
  void change_group() {
    switch (stage_.dice().between(0, 4)) {
      case 0: return void(nemesis_.transfer(anybody()));
      case 1: return void(nemesis_.replace(mortal()));
      case 2: return void(nemesis_.restart(mortal()));
      default: return grow_or_shrink();
    }
  }
  void harm_clients_or_clocks() {
    if (stage_.dice().one_in(2)) return change_clock(stage_, anybody());
    if (client_) client_->kill();
    client_ = std::make_unique<ClientProcess>(stage_, clients_++);
  }

  [[nodiscard]] std::string anybody() {
    return stage_.dice().one_in(2) ? stage_.leader() : stage_.any_member();
  }
  /// Anybody but who is spared, who hands over first if it leads.
  [[nodiscard]] std::string mortal() {
    std::vector<std::string> others = stage_.members();
    std::erase(others, spared_);
    if (stage_.dice().one_in(2)) return stage_.dice().one_of(others);
    if (stage_.leader() == spared_) nemesis_.transfer(stage_.dice().one_of(others));
    const std::string leader = stage_.leader();
    return leader == spared_ ? stage_.dice().one_of(others) : leader;
  }

  void crash(const std::string& name) {
    nemesis_.kill(name);
    stage_.rest_between(0, 1500);
    nemesis_.start(name);
  }
  void pause(const std::string& name) {
    nemesis_.pause(name);
    stage_.rest_between(200, 2500);
    nemesis_.resume(name);
  }
  void crash_many() {
    const std::vector<std::string> victims = some_mortals();
    for (const std::string& name : victims) nemesis_.kill(name);
    stage_.rest_between(0, 800);
    for (const std::string& name : victims) nemesis_.start(name);
  }
  [[nodiscard]] std::vector<std::string> some_mortals() {
    std::vector<std::string> some;
    for (const std::string& name : stage_.members())
      if (name != spared_ && stage_.dice().one_in(2)) some.push_back(name);
    return some;
  }
  void stop_somewhere(const std::string& name) {
    static const std::vector<std::string> kPoints{
        "client_request", "entries_appended", "commit_advanced", "log_synced", "peer_send",
        "client_reply",   "log_sync",         "role_changed",    "log_trimmed"};
    const std::uint64_t kind = stage_.dice().between(0, 2);
    const std::string how = kind == 0   ? "kill"
                            : kind == 1 ? "stop"
                                        : std::to_string(stage_.dice().between(20, 1500));
    nemesis_.stop_at(name, stage_.dice().one_of(kPoints) + ":" +
                               std::to_string(stage_.dice().between(1, 20)) + ":" + how);
    // One that it never comes to takes nothing from it.
    if (!nemesis_.wait_until_stopped(name, std::chrono::seconds(1))) return;
    stage_.rest_between(0, 1500);
    if (kind == 0) nemesis_.start(name);
    if (kind == 1) nemesis_.resume(name);
  }
  void starve_somebody() {
    const std::vector<ProcessOf> processes = stage_.observer().processes();
    const ProcessOf& process = stage_.dice().one_of(processes);
    if (process.state == ProcessState::running) starve(stage_, process);
  }

  void isolate_leader() {
    const std::string leader = stage_.leader();
    const auto& names = stage_.network().names();
    // One that came later is on no link that can be cut.
    if (std::ranges::find(names, leader) != names.end()) part({{leader}});
  }
  /// These against all others.
  void part(std::vector<std::vector<std::string>> sides) {
    std::vector<std::string> others = stage_.network().names();
    for (const std::string& name : sides.front()) std::erase(others, name);
    sides.push_back(others);
    nemesis_.note("partition", sides.front().front());
    stage_.network().partition(sides);
    heal_links_after(300, 4000);
  }
  void cut_one_way() {
    std::vector<std::string> names = stage_.network().names();
    const std::string from = stage_.dice().one_of(names);
    std::erase(names, from);
    const std::string to = stage_.dice().one_of(names);
    nemesis_.note("one way", from + " to " + to);
    stage_.network().block(from, to);
    heal_links_after(300, 3000);
  }
  void heal_links_after(std::uint64_t low_ms, std::uint64_t high_ms) {
    stage_.rest_between(low_ms, high_ms);
    stage_.network().heal();
  }

  void lose_power() {
    std::vector<std::string> victims;
    for (const std::string& name : some_mortals())
      if (stage_.group().runs(name)) victims.push_back(name);
    power_off(stage_, victims);
    for (const std::string& name : victims) nemesis_.start(name);
  }
  void slow_disk() {
    const std::string name = anybody();
    if (!slow_syncs(stage_, name, std::chrono::seconds(3))) return;
    stage_.rest_between(1000, 3000);
    cluster::FaultyDisks::mend(stage_.group(), name);
  }
  void disturb() {
    const std::string name = anybody();
    if (!disturb_writes(stage_, name, std::chrono::seconds(3))) return;
    stage_.rest_between(200, 800);
    cluster::FaultyDisks::mend(stage_.group(), name);
  }

  void grow_or_shrink() {
    const std::vector<std::string> names = stage_.members();
    if (names.size() > static_cast<std::size_t>(stage_.run().replicas))
      (void)nemesis_.remove(names.back());
    else
      (void)nemesis_.add();
  }

  Stage& stage_;
  Nemesis& nemesis_;
  const std::string spared_;
  std::unique_ptr<ClientProcess> client_;
  std::uint32_t clients_ = 0;
};

}  // namespace

void play_soak(Stage& stage) {
  const std::string spared = stage.dice().one_of(stage.network().names());
  FootprintWatch watch(stage.observer(), stage.group());
  {
    Harm harm(stage, spared);
    while (stage.time_left()) {
      stage.rest_between(100, 1200);
      harm.one();
      if (stage.dice().one_in(3)) restore_membership(stage);
    }
  }
  restore_membership(stage);
  const std::string grown = watch.stop();
  std::cout << watch.report();
  if (!grown.empty()) throw std::runtime_error(grown);
  if (watch.longest_life(spared) < kShareWatched * static_cast<double>(stage.run().seconds))
    throw std::runtime_error(spared + " did not live long enough to show whether it grows");
}

Equipment soak_equipment() {
  Equipment equipment;
  equipment.stopping = true;
  equipment.faulty_disks = true;
  equipment.links = Links::proxied;
  // Logs that are trimmed all the time, and a cache that is soon full, so that all there is should
  // stay as large as it is.
  equipment.variables = {
      {"KVD_GMS_RETAIN_ENTRIES", "2000"},     {"KVD_GMS_RETAIN_BYTES", "1MiB"},
      {"KVD_GMS_TRIM_STEP_BYTES", "64KiB"},   {"KVD_GMS_TRIM_GAP", "200ms"},
      {"KVD_GMS_EVICT_AFTER", "5s"},          {"KVD_STORAGE_MEMTABLE_BYTES", "1MiB"},
      {"KVD_LOG_SEGMENT_BYTES", "512KiB"},    {"KVD_LOG_FIRST_SEGMENT_BYTES", "512KiB"},
      {"KVD_LOG_DISK_RESERVE_BYTES", "1MiB"}, {"KVD_STORAGE_CACHE_BYTES", "8MiB"}};
  return equipment;
}

}  // namespace tests::torture
