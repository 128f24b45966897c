#include "tests/torture/scenarios/soak.hpp"

#include <iostream>
#include <stdexcept>

#include "tests/torture/client_process.hpp"
#include "tests/torture/footprint.hpp"
#include "tests/torture/scenarios/membership.hpp"

namespace tests::torture {
namespace {

/// One fault of any kind, and what ends it.
class Harm {
 public:
  explicit Harm(Stage& stage) : stage_(stage), nemesis_(stage.nemesis()) {}

  void one() {
    const std::string name = stage_.dice().one_in(2) ? stage_.leader() : stage_.any_member();
    switch (stage_.dice().between(0, 8)) {
      case 0: return crash(name);
      case 1: return pause(name);
      case 2: return crash_many();
      case 3: return stop_somewhere(name);
      case 4: return lose_client();
      case 5: return void(nemesis_.transfer(name));
      case 6: return void(nemesis_.replace(name));
      case 7: return void(nemesis_.restart(name));
      default: return grow_or_shrink();
    }
  }

 private:
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
    std::vector<std::string> victims;
    for (const std::string& name : stage_.members())
      if (stage_.dice().one_in(2)) victims.push_back(name);
    for (const std::string& name : victims) nemesis_.kill(name);
    stage_.rest_between(0, 800);
    for (const std::string& name : victims) nemesis_.start(name);
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
  void lose_client() {
    if (client_) client_->kill();
    client_ = std::make_unique<ClientProcess>(stage_, clients_++);
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
  std::unique_ptr<ClientProcess> client_;
  std::uint32_t clients_ = 0;
};

}  // namespace

void play_soak(Stage& stage) {
  FootprintWatch watch(stage.observer(), stage.group());
  {
    Harm harm(stage);
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
}

Equipment soak_equipment() {
  Equipment equipment;
  equipment.stopping = true;
  // Logs that are trimmed all the time, so that all there is should stay as large as it is.
  equipment.variables = {
      {"KVD_GMS_RETAIN_ENTRIES", "2000"},   {"KVD_GMS_RETAIN_BYTES", "1MiB"},
      {"KVD_GMS_TRIM_STEP_BYTES", "64KiB"}, {"KVD_GMS_TRIM_GAP", "200ms"},
      {"KVD_GMS_EVICT_AFTER", "5s"},        {"KVD_STORAGE_MEMTABLE_BYTES", "1MiB"}};
  return equipment;
}

}  // namespace tests::torture
