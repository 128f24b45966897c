#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/cluster/faulty_disks.hpp"
#include "tests/cluster/recorder.hpp"
#include "tests/cluster/sanitizer_reports.hpp"
#include "tests/torture/dice.hpp"
#include "tests/torture/kept_files.hpp"
#include "tests/torture/nemesis.hpp"
#include "tests/torture/network.hpp"
#include "tests/torture/observer.hpp"
#include "tests/torture/scenario.hpp"

namespace tests::torture {

/// What a run is asked to do.
struct Run {
  std::string scenario;
  std::uint64_t seed = 1;
  std::uint64_t seconds = 10;
  int replicas = 3;
  int base_port = 31000;

  friend bool operator==(const Run&, const Run&) = default;
};

/// What a scenario plays with: a group of real processes with clients at work, and the means to do
/// harm to it. One thread, if not said otherwise.
class Stage {
 public:
  /// Starts the group and the clients. Everything is written below `directory`. Throws when the
  /// members do not come up.
  Stage(const Run& run, const Scenario& scenario, std::filesystem::path directory);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // For scenarios.
  [[nodiscard]] Nemesis& nemesis() { return nemesis_; }
  [[nodiscard]] cluster::LocalGroup& group() { return *group_; }
  [[nodiscard]] const Observer& observer() const { return observer_; }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] Dice& dice() { return dice_; }
  [[nodiscard]] const Run& run() const { return run_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  [[nodiscard]] bool time_left() const;
  /// Does nothing for a while, which is cut short when there is no time left.
  void rest(std::chrono::milliseconds time) const;
  /// Rests for a random time.
  void rest_between(std::uint64_t low_ms, std::uint64_t high_ms);
  /// The members' names.
  [[nodiscard]] std::vector<std::string> members() const;
  [[nodiscard]] std::string any_member();
  /// The leader; throws when there is none for 20 s.
  [[nodiscard]] std::string leader() const { return observer_.wait_for_leader(); }
  [[nodiscard]] std::string any_follower();
  /// Waits until all members are up; throws when they are not after a minute.
  void wait_all_up() const { observer_.wait_all_up(); }

  // For the run.
  [[nodiscard]] cluster::Recorder& recorder() { return *recorder_; }
  /// A journal of clients that are processes of their own; what they did counts too.
  void add_journal(const std::filesystem::path& journal) { journals_.push_back(journal); }
  /// What all clients asked and were told. The recorder has stopped, and those processes have
  /// ended.
  [[nodiscard]] linearizability::Recording recording() const;
  /// What they wrote once.
  [[nodiscard]] cluster::OwnKeys own_keys() const;
  [[nodiscard]] FaultLog& faults() { return faults_; }
  [[nodiscard]] const KeptFiles& kept_files() const { return kept_; }
  [[nodiscard]] bool has_damaged_stores() const { return damaged_stores_; }
  [[nodiscard]] const cluster::SanitizerReports& sanitizer_reports() const { return reports_; }
  /// The files stay.
  void keep();

 private:
  const Run run_;
  const std::filesystem::path directory_;
  const bool damaged_stores_;
  Dice dice_;
  FaultLog faults_;
  KeptFiles kept_;
  std::vector<std::unique_ptr<cluster::Variable>> variables_;
  cluster::SanitizerReports reports_;
  std::optional<cluster::FaultyDisks> disks_;
  Network network_;
  std::unique_ptr<cluster::LocalGroup> group_;
  Observer observer_;
  Nemesis nemesis_;
  std::unique_ptr<cluster::Recorder> recorder_;
  std::vector<std::filesystem::path> journals_;
  const std::chrono::steady_clock::time_point end_;
};

}  // namespace tests::torture
