#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/cluster/local_group.hpp"
#include "tests/preload/disk.hpp"

namespace tests::cluster {

/// Disks whose replicas lose what they did not sync, and whose calls fail or take long when a test
/// wants that: kvd runs with the library of tests/preload. A group is on them if it is made while
/// they live, in parent(). One thread.
class FaultyDisks {
 public:
  /// Makes their folder in `parent`, or in the one for temporary files.
  explicit FaultyDisks(const std::filesystem::path& parent = {});
  ~FaultyDisks();
  FaultyDisks(const FaultyDisks&) = delete;
  FaultyDisks& operator=(const FaultyDisks&) = delete;

  /// What is preloaded. Programs of a build with a sanitizer have its runtime before it.
  [[nodiscard]] static std::filesystem::path library();

  /// For the directories of groups.
  [[nodiscard]] const std::filesystem::path& parent() const { return parent_; }

  /// From now on the files stay when the object goes.
  void keep() { is_kept_ = true; }

  /// From now on these rules hold for the replica's disk, in place of those before. A rule is as
  /// tests/preload/fault_plan.hpp says, such as "sync /data/log/ 0 1 EIO".
  static void order(const LocalGroup& group, const std::string& name, const std::string& rules);
  /// No fault from now on.
  static void mend(const LocalGroup& group, const std::string& name);
  /// Waits until a fault has come about at the replica; false if none has by then.
  [[nodiscard]] static bool wait_until_fired(const LocalGroup& group, const std::string& name,
                                             std::chrono::milliseconds limit);
  /// The file that the first of them was of. Precondition: one has come about.
  [[nodiscard]] static std::filesystem::path fired_at(const LocalGroup& group,
                                                      const std::string& name);

  /// Kills the replicas, all at once, and takes back what they had not synced.
  static void power_off(const LocalGroup& group, const std::vector<std::string>& names);

 private:
  std::filesystem::path parent_;
  Variable library_;
  Variable root_;
  bool is_kept_ = false;
};

/// Makes a disk what it is after a loss of power: files with the bytes of their last sync, and only
/// the names that were synced. Nobody may use it meanwhile.
void lose_unsynced(const preload::Disk& disk);

}  // namespace tests::cluster
