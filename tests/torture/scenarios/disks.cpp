#include "tests/torture/scenarios/disks.hpp"

#include <stdexcept>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;
using cluster::FaultyDisks;

/// Orders a fault of the member's disk and waits until it has come about.
void order(Stage& stage, const std::string& fault, const std::string& name,
           const std::string& rules) {
  stage.nemesis().note(fault, name);
  FaultyDisks::order(stage.group(), name, rules);
  if (!FaultyDisks::wait_until_fired(stage.group(), name, 20s))
    throw std::runtime_error(fault + " of " + name + " has not come about");
}

/// It ended for its disk, said so, and can be started again once that is well.
void expect_end_for_disk(Stage& stage, const std::string& name, const std::string& reason) {
  if (!stage.group().ends_within(name, 10s))
    throw std::runtime_error(name + " goes on with a disk that failed");
  if (stage.group().log(name).find(reason) == std::string::npos)
    throw std::runtime_error(name + " does not say " + reason);
  FaultyDisks::mend(stage.group(), name);
  stage.rest_between(0, 1000);
  stage.nemesis().start(name);
}

/// Either the leader or anybody.
std::string victim_of(Stage& stage) {
  return stage.dice().one_in(2) ? stage.leader() : stage.any_member();
}

/// Every so many-th call, a few in a row.
std::string calls(Stage& stage) {
  return std::to_string(stage.dice().between(0, 20)) + " 1 ";
}

std::uint64_t view_of(const Stage& stage) {
  std::uint64_t view = 0;
  for (const Observer::Status& status : stage.observer().statuses(2s))
    view = std::max(view, status.view.view.seq.value());
  return view;
}

}  // namespace

Equipment disks_equipment() {
  Equipment equipment;
  equipment.faulty_disks = true;
  equipment.variables = {{"KVD_LOG_SEGMENT_BYTES", "1MiB"},
                         {"KVD_GMS_DISK_STALL", "500ms"},
                         {"KVD_LOG_DISK_RESERVE_BYTES", "1MiB"}};
  return equipment;
}

void play_failed_fsync(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(200, 1000);
    const std::string name = victim_of(stage);
    stage.nemesis().expect_end(name);
    order(stage, "failed sync", name, "sync /data/log/ " + calls(stage) + "EIO");
    expect_end_for_disk(stage, name, "Input/output error");
    stage.wait_all_up();
  }
}

void play_write_errors(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(200, 1000);
    const std::string name = victim_of(stage);
    if (stage.dice().one_in(2)) {
      // These are no errors: what is left is written by another call.
      order(stage, "short and interrupted writes", name,
            "write /data/log/ 0 50 EINTR\nwrite /data/log/ 0 50 short");
      stage.rest_between(200, 800);
      FaultyDisks::mend(stage.group(), name);
      continue;
    }
    stage.nemesis().expect_end(name);
    order(stage, "failed write", name, "write /data/log/ " + calls(stage) + "EIO");
    expect_end_for_disk(stage, name, "Input/output error");
    stage.wait_all_up();
  }
}

void play_disk_full(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(200, 1000);
    const std::string name = victim_of(stage);
    stage.nemesis().expect_end(name);
    // Past its own reserve, such as by a quota: the member has not seen it come.
    order(stage, "no space left", name, "write /data/log/ " + calls(stage) + "ENOSPC");
    expect_end_for_disk(stage, name, "No space left");
    stage.wait_all_up();
  }
}

void play_slow_disk(Stage& stage) {
  while (stage.time_left()) {
    stage.wait_all_up();
    stage.rest_between(200, 1000);
    const std::string name = victim_of(stage);
    const std::uint64_t view = view_of(stage);
    const std::string wait = std::to_string(stage.dice().between(1000, 4000));
    order(stage, "slow syncs", name, "sync /data/log/ 0 100 wait:" + wait);
    stage.rest_between(2000, 4000);
    // Longer than the silence for which members are suspected, but it is not silent.
    if (view_of(stage) != view)
      throw std::runtime_error("the view changed though only the disk of " + name + " is slow");
    FaultyDisks::mend(stage.group(), name);
  }
}

}  // namespace tests::torture
