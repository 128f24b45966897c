#include "tests/torture/scenarios/clocks.hpp"

#include <fstream>
#include <stdexcept>

#include "tests/torture/stopping/wall_clock.hpp"

namespace tests::torture {
namespace {

constexpr long long kHourMs = 3'600'000;

void set_clock(Stage& stage, const std::string& name, long long offset_ms, int rate) {
  const std::filesystem::path file = stage.group().directory() / name / kClockFile;
  std::ofstream(file.string() + ".new") << offset_ms << ' ' << rate << '\n';
  std::filesystem::rename(file.string() + ".new", file);
}

/// Whether the member's events are of another time than this process's.
bool has_wrong_clock(const Stage& stage, const std::string& address, long long offset_ms) {
  const auto events = stage.observer().client().events(address, {});
  if (!events || events->events.empty())
    throw std::runtime_error(address + " tells no events, by which its clock shows");
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const long long wrong = static_cast<long long>(events->events.back().at_ms) - now;
  return std::abs(wrong - offset_ms) < kHourMs / 2;
}

/// An event that is told by a wrong clock shows that clocks are wrong at all.
void check_that_clocks_can_be_wrong(Stage& stage) {
  for (const std::string& name : stage.members()) set_clock(stage, name, 5 * kHourMs, 1000);
  stage.nemesis().transfer(stage.any_follower());
  for (const ProcessOf& process : stage.observer().processes())
    if (!has_wrong_clock(stage, process.address, 5 * kHourMs))
      throw std::runtime_error(process.name + " has the right time");
}

}  // namespace

void change_clock(Stage& stage, const std::string& name) {
  const long long hours = static_cast<long long>(stage.dice().between(0, 4)) - 2;
  const int rate = static_cast<int>(stage.dice().between(500, 2000));
  stage.nemesis().note("clock", name);
  set_clock(stage, name, hours * kHourMs, rate);
}

void play_clock_jumps(Stage& stage) {
  check_that_clocks_can_be_wrong(stage);
  while (stage.time_left()) {
    change_clock(stage, stage.any_member());
    stage.rest_between(50, 500);
    // Leaders of other times follow each other.
    if (stage.dice().one_in(3)) stage.nemesis().transfer(stage.any_member());
    if (stage.dice().one_in(6)) {
      const std::string leader = stage.leader();
      stage.nemesis().kill(leader);
      stage.nemesis().start(leader);
    }
  }
}

Equipment clock_jumps_equipment() {
  Equipment equipment;
  equipment.stopping = true;
  // An hour's jump would end every session, if it counted.
  equipment.variables = {{"KVD_LIMITS_SESSION_TTL", "10min"}};
  return equipment;
}

}  // namespace tests::torture
