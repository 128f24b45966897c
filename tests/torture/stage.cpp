#include "tests/torture/stage.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;

/// Members that notice, mark down and take back quickly, so that a short run sees much.
const std::vector<std::pair<std::string, std::string>> kVariables{
    {"KVD_GMS_SUSPECT", "1s"},
    {"KVD_GMS_UP_HYSTERESIS", "300ms"},
    {"KVD_GMS_UP_HYSTERESIS_MAX", "2s"},
    {"KVD_LOG_LEVEL", "info"},
};

std::vector<std::unique_ptr<cluster::Variable>> set_variables(const Equipment& equipment,
                                                              const KeptFiles& kept) {
  std::vector<std::unique_ptr<cluster::Variable>> all;
  all.push_back(
      std::make_unique<cluster::Variable>(kKeptSegmentsVariable, kept.segments_folder().string()));
  for (const auto& [name, value] : kVariables)
    all.push_back(std::make_unique<cluster::Variable>(name, value));
  for (const auto& [name, value] : equipment.variables)
    all.push_back(std::make_unique<cluster::Variable>(name, value));
  return all;
}

std::filesystem::path kvd_of(const Equipment& equipment) {
  const std::filesystem::path kvd = cluster::built("kvd");
  return equipment.stopping ? kvd.parent_path() / "stopping" / "kvd" : kvd;
}

std::unique_ptr<cluster::LocalGroup> start_group(const Run& run, const Equipment& equipment,
                                                 const std::filesystem::path& parent,
                                                 const Network& network) {
  // A network has programs of its own, which start this kvd.
  const bool is_direct = equipment.links == Links::direct;
  return std::make_unique<cluster::LocalGroup>(
      run.replicas, run.base_port, parent,
      is_direct ? kvd_of(equipment).parent_path() : network.programs(), network.hosts());
}

/// Clients of every kind: patient and not, that read from the leader and from others, on registers
/// and lists, each of which has few operations before another takes its place.
cluster::Recorder::Settings workload(const Run& run, const cluster::LocalGroup& group) {
  cluster::Recorder::Settings settings;
  settings.endpoints = group.endpoints();
  settings.clients = 6;
  settings.keys = 5;
  settings.seed = run.seed;
  settings.lanes = 2;
  settings.lists = 2;
  settings.key_life = 300ms;
  settings.pause_max = 12ms;
  settings.impatient = 3;
  settings.member_reads = 5;
  return settings;
}

}  // namespace

Stage::Stage(const Run& run, const Scenario& scenario, std::filesystem::path directory)
    : run_(run),
      directory_(std::move(directory)),
      damaged_stores_(scenario.equipment.damaged_stores),
      dice_(run.seed),
      faults_(directory_ / "faults.jsonl"),
      kept_(directory_),
      variables_(set_variables(scenario.equipment, kept_)),
      reports_(directory_),
      disks_(scenario.equipment.faulty_disks
                 ? std::optional<cluster::FaultyDisks>(std::in_place, directory_)
                 : std::nullopt),
      network_({scenario.equipment.links, run.replicas, run.base_port, kvd_of(scenario.equipment),
                directory_, run.seed}),
      group_(
          start_group(run, scenario.equipment, disks_ ? disks_->parent() : directory_, network_)),
      observer_(*group_),
      nemesis_(*group_, faults_, kept_),
      recorder_(std::make_unique<cluster::Recorder>(workload(run, *group_))),
      end_(std::chrono::steady_clock::now() + std::chrono::seconds(run.seconds)) {
  if (disks_)
    nemesis_.cure_at_end([this] {
      for (const std::string& name : members()) cluster::FaultyDisks::mend(*group_, name);
    });
  if (scenario.equipment.links != Links::direct) nemesis_.cure_at_end([this] { network_.heal(); });
}

void Stage::keep() {
  group_->keep();
  if (disks_) disks_->keep();
}

linearizability::Recording Stage::recording() const {
  linearizability::Recording all = recorder_->book().recording();
  for (const std::filesystem::path& journal : journals_) {
    std::ifstream in(journal);
    if (!in) throw std::runtime_error(journal.string() + ": its client wrote nothing");
    const auto written = linearizability::load(in);
    if (!written) throw std::runtime_error(journal.string() + ": " + written.error().detail);
    all.registers.insert(all.registers.end(), written->registers.begin(), written->registers.end());
    all.lists.insert(all.lists.end(), written->lists.begin(), written->lists.end());
  }
  return all;
}

cluster::OwnKeys Stage::own_keys() const {
  cluster::OwnKeys all = recorder_->book().own_keys();
  for (const std::filesystem::path& journal : journals_) add_own_keys(journal, all);
  return all;
}

bool Stage::time_left() const {
  return std::chrono::steady_clock::now() < end_;
}

void Stage::rest(std::chrono::milliseconds time) const {
  std::this_thread::sleep_until(std::min(std::chrono::steady_clock::now() + time, end_));
}

void Stage::rest_between(std::uint64_t low_ms, std::uint64_t high_ms) {
  rest(dice_.ms(low_ms, high_ms));
}

std::vector<std::string> Stage::members() const {
  std::vector<std::string> names;
  for (const ProcessOf& process : observer_.processes()) names.push_back(process.name);
  return names;
}

std::string Stage::any_member() {
  return dice_.one_of(members());
}

std::string Stage::any_follower() {
  const std::string leads = leader();
  std::vector<std::string> names = members();
  std::erase(names, leads);
  return dice_.one_of(names);
}

}  // namespace tests::torture
