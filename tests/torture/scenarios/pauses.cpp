#include "tests/torture/scenarios/pauses.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <thread>

#include "tests/torture/client_process.hpp"

namespace tests::torture {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Between a moment and ten times the silence after which a member is marked down; short ones are
/// as likely as long ones.
milliseconds pause_time(Dice& dice) {
  milliseconds most = 400ms;
  for (int doubled = 0; doubled < 4 && dice.one_in(2); ++doubled) most = most * 2;
  return dice.ms(200, static_cast<std::uint64_t>(most.count()));
}

/// Stands a member still.
void pause_member(Stage& stage, const std::string& name) {
  stage.nemesis().pause(name);
  stage.rest(pause_time(stage.dice()));
  stage.nemesis().resume(name);
}

/// Two stand still at times that overlap: of three members, one is left.
void pause_two(Stage& stage) {
  const std::string leader = stage.leader();
  const std::string follower = stage.any_follower();
  stage.nemesis().pause(follower);
  stage.rest_between(0, 300);
  stage.nemesis().pause(leader);
  stage.rest(pause_time(stage.dice()));
  stage.nemesis().resume(stage.dice().one_in(2) ? leader : follower);
  stage.rest_between(0, 300);
  stage.nemesis().resume(leader);
  stage.nemesis().resume(follower);
}

/// A member that others on the machine come before.
void demote(Stage& stage, const ProcessOf& process) {
  stage.nemesis().note("nice 19", process.name);
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(process.pid), 19);
}

}  // namespace

void starve(Stage& stage, const ProcessOf& process) {
  stage.nemesis().note("starve", process.name);
  const auto until = std::chrono::steady_clock::now() + stage.dice().ms(300, 2500);
  const milliseconds runs = stage.dice().ms(1, 12);
  const milliseconds stands = stage.dice().ms(10, 90);
  while (std::chrono::steady_clock::now() < until && stage.time_left()) {
    ::kill(process.pid, SIGSTOP);
    std::this_thread::sleep_for(stands);
    ::kill(process.pid, SIGCONT);
    std::this_thread::sleep_for(runs);
  }
}

void play_pauses(Stage& stage) {
  ClientProcess clients(stage, 0);
  while (stage.time_left()) {
    stage.rest_between(100, 600);
    switch (stage.dice().between(0, 4)) {
      case 0:
      case 1: pause_member(stage, stage.leader()); break;
      case 2: pause_member(stage, stage.any_follower()); break;
      case 3: pause_two(stage); break;
      default:
        clients.pause();
        stage.rest(pause_time(stage.dice()));
        clients.resume();
        break;
    }
  }
}

Equipment pauses_equipment() {
  Equipment equipment;
  equipment.variables = {{"KVD_GMS_ELECTION_MIN", "300ms"},
                         {"KVD_GMS_SUSPECT", "600ms"},
                         {"KVD_GMS_EVICT_AFTER", "3s"}};
  return equipment;
}

void play_starved_cpu(Stage& stage) {
  // Two programs that never rest, on top of what the group and its clients need.
  const std::string output = (stage.directory() / "busy.log").string();
  const std::vector<std::string> busy{"/bin/sh", "-c", "while :; do :; done"};
  const cluster::Background first(busy, output);
  const cluster::Background second(busy, output);
  while (stage.time_left()) {
    const auto processes = stage.observer().processes();
    const ProcessOf& process = stage.dice().one_of(processes);
    if (process.pid == 0) continue;
    if (stage.dice().one_in(4))
      demote(stage, process);
    else
      starve(stage, process);
    stage.rest_between(50, 400);
  }
}

}  // namespace tests::torture
