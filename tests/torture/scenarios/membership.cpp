#include "tests/torture/scenarios/membership.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;

/// More than that would be a group that nobody runs.
constexpr std::size_t kMembersMax = 6;

/// Changes the group at random, as one of several people would who do not talk to each other. The
/// first member stays: clients were told its address.
class Operator {
 public:
  Operator(Stage& stage, std::uint64_t seed) : stage_(stage), dice_(seed) {}

  void work() {
    while (stage_.time_left()) {
      stage_.rest(dice_.ms(200, 1500));
      act(dice_.one_of(stage_.members()));
    }
  }

 private:
  void act(const std::string& name) {
    Nemesis& nemesis = stage_.nemesis();
    const bool is_first = name == "n1";
    switch (dice_.between(0, 7)) {
      case 0:
      case 1:
        if (stage_.members().size() < kMembersMax) nemesis.add();
        break;
      case 2:
        if (!is_first) nemesis.remove(name);
        break;
      case 3: nemesis.evict(name); break;
      case 4:
      case 5: nemesis.transfer(name); break;
      case 6: nemesis.replace(name); break;
      default:
        nemesis.kill(name);
        stage_.rest(dice_.ms(0, 500));
        nemesis.start(name);
        break;
    }
  }

  Stage& stage_;
  Dice dice_;
};

void restart_one(Stage& stage, const std::string& name) {
  const bool in_maintenance = stage.dice().one_in(2);
  const std::vector<std::string> rest{"member", "maintenance", name};
  auto begin = rest;
  begin.insert(begin.end(), {"--for", "30s"});
  auto end = rest;
  end.emplace_back("--end");
  if (in_maintenance) (void)stage.group().kvctl(begin);
  if (!stage.nemesis().restart(name)) throw std::runtime_error(name + " is not up again");
  stage.wait_all_up();
  if (in_maintenance) (void)stage.group().kvctl(end);
}

/// Whether a write goes through.
bool is_in_service(Stage& stage, std::chrono::milliseconds within) {
  client::WriteOptions options;
  options.deadline = within;
  return stage.observer().client().put("in-service", "yes", options).has_value();
}

/// Waits for a view of so many voters, as the members see it that answer.
void wait_for_voters(Stage& stage, std::size_t voters) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < until) {
    const auto statuses = stage.observer().statuses();
    if (std::ranges::any_of(statuses, [&](const Observer::Status& status) {
          return status.role == "leader" && status.view.view.members.size() == voters;
        }))
      return;
    stage.rest(50ms);
    std::this_thread::sleep_for(20ms);
  }
  throw std::runtime_error("no view of " + std::to_string(voters) + " voters");
}

/// Kills the leader, which is the worst loss, and expects the others to go on.
std::string crash_leader(Stage& stage) {
  const std::string leader = stage.leader();
  stage.nemesis().kill(leader);
  if (!is_in_service(stage, 10s)) throw std::runtime_error("out of service without " + leader);
  return leader;
}

}  // namespace

void play_membership(Stage& stage) {
  Operator first(stage, stage.dice().number());
  Operator second(stage, stage.dice().number());
  std::thread other([&] { second.work(); });
  first.work();
  other.join();
  restore_membership(stage);
}

void restore_membership(Stage& stage) {
  for (int round = 0; round < 3; ++round) {
    try {
      stage.observer().wait_all_up(10s);
      return;
    } catch (const std::exception&) {
      // One of them is out of the group for good.
    }
    for (const ProcessOf& process : stage.observer().processes())
      if (process.state == ProcessState::stopped) stage.nemesis().start(process.name);
    for (const Observer::Status& status : stage.observer().statuses())
      if (!status.view.view.has_voter(status.member)) stage.nemesis().replace(status.name);
  }
}

void play_rolling_restart(Stage& stage) {
  while (stage.time_left())
    for (const std::string& name : stage.members()) {
      if (!stage.time_left()) return;
      stage.rest_between(0, 500);
      restart_one(stage, name);
    }
}

Equipment eager_eviction_equipment() {
  Equipment equipment;
  equipment.variables = {{"KVD_GMS_EVICT_AFTER", "1500ms"}, {"KVD_GMS_EVICT_MIN_GAP", "500ms"}};
  return equipment;
}

void play_sequential_crash(Stage& stage) {
  while (stage.members().size() < 5)
    if (!stage.nemesis().add()) throw std::runtime_error("no fifth member");
  do {
    stage.wait_all_up();
    std::vector<std::string> crashed;
    for (int i = 0; i < 2; ++i) crashed.push_back(crash_leader(stage));
    wait_for_voters(stage, 3);
    crashed.push_back(crash_leader(stage));
    std::vector<std::string> last;
    for (const std::string& name : stage.members())
      if (std::ranges::find(crashed, name) == crashed.end()) last.push_back(name);
    for (const std::string& name : last) stage.nemesis().kill(name);
    // Three of five founders, of whom two do not know that they were evicted: they must not serve.
    for (const std::string& name : crashed) stage.nemesis().start(name);
    if (is_in_service(stage, 2s)) throw std::runtime_error("the evicted serve");
    for (const std::string& name : last) stage.nemesis().start(name);
    stage.wait_all_up();
  } while (stage.time_left());
}

}  // namespace tests::torture
