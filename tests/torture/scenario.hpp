#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests::torture {

class Stage;

/// What is between the members: nothing, networks of their own, or a proxy for frames.
enum class Links { direct, spaces, proxied };

/// What a scenario's members run with.
struct Equipment {
  /// Variables of their environment, such as KVD_GMS_SUSPECT, besides those of every scenario.
  std::vector<std::pair<std::string, std::string>> variables;
  /// Disks that lose what was not synced, and fail when they are ordered to.
  bool faulty_disks = false;
  /// Members that stop at named points when they are ordered to.
  bool stopping = false;
  Links links = Links::direct;
  /// Members whose stores are damaged, which they find and mend.
  bool damaged_stores = false;
};

/// A story that is played with a group while clients are at work.
struct Scenario {
  std::string_view name;
  /// What is done, in one sentence.
  std::string_view sentence;
  /// Plays until there is no time left. Throws when the group does what no fault explains.
  void (*play)(Stage& stage) = nullptr;
  Equipment equipment;
  /// Nothing is done to the group. In any other scenario it is a finding that nothing was.
  bool harmless = false;
};

/// All scenarios, in the order in which they are listed.
[[nodiscard]] const std::vector<Scenario>& scenarios();
/// Null when there is none of that name.
[[nodiscard]] const Scenario* find_scenario(std::string_view name);

}  // namespace tests::torture
