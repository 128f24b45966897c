#include "tests/torture/scenarios/crashes.hpp"

namespace tests::torture {

using namespace std::chrono_literals;

void play_calm(Stage& stage) {
  while (stage.time_left()) stage.rest(100ms);
}

void play_leader_crash(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(200, 1200);
    const std::string leader = stage.leader();
    stage.nemesis().kill(leader);
    stage.rest_between(0, 1500);
    stage.nemesis().start(leader);
    // Most times the next crash comes before the group is whole again.
    if (stage.dice().one_in(3)) stage.wait_all_up();
  }
}

void play_crash_all(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(500, 2000);
    for (const std::string& name : stage.members()) stage.nemesis().kill(name);
    for (const std::string& name : stage.members()) {
      stage.rest_between(0, 300);
      stage.nemesis().start(name);
    }
    stage.wait_all_up();
  }
}

void play_crash_loop(Stage& stage) {
  while (stage.time_left()) {
    const std::string name = stage.dice().one_in(2) ? stage.leader() : stage.any_member();
    for (std::uint64_t crashes = stage.dice().between(2, 6); crashes > 0; --crashes) {
      stage.nemesis().kill(name);
      stage.nemesis().start(name);
      stage.rest_between(0, 400);
    }
    stage.wait_all_up();
    stage.rest_between(100, 600);
  }
}

void play_lonely_leader(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(100, 500);
    const std::string leader = stage.leader();
    std::vector<std::string> others = stage.members();
    std::erase(others, leader);
    for (const std::string& name : others) stage.nemesis().pause(name);
    stage.rest_between(100, 500);
    // What was sent to them is lost with them: only the leader has it.
    for (const std::string& name : others) stage.nemesis().kill(name);
    stage.nemesis().kill(leader);
    for (const std::string& name : others) stage.nemesis().start(name);
    static_cast<void>(stage.leader());
    stage.rest_between(0, 500);
    stage.nemesis().start(leader);
    stage.wait_all_up();
  }
}

}  // namespace tests::torture
