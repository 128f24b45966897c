#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/cluster/local_group.hpp"
#include "tests/faults/frame_proxy.hpp"
#include "tests/faults/network_spaces.hpp"
#include "tests/torture/scenario.hpp"

namespace tests::torture {

/// What is between the members of a group, which are named n1, n2 and so on: nothing but this
/// machine, a network namespace for each, or a proxy for their frames. Where this machine makes no
/// namespaces a proxy stands in for them: then a partition holds back frames, while connections
/// can still be made. It outlives the group. One thread.
class Network {
 public:
  /// `directory` is the run's. Throws when it cannot be made.
  Network(Links links, int replicas, int base_port, const std::filesystem::path& directory,
          std::uint64_t seed);

  // For starting the group.
  [[nodiscard]] const std::filesystem::path& programs() const { return programs_; }
  [[nodiscard]] std::vector<cluster::MemberHosts> hosts() const;

  // For scenarios that have one.
  /// How links are cut: in words, for those who read the results.
  [[nodiscard]] std::string means() const;
  /// Nothing that the one sends reaches the other.
  void block(const std::string& from, const std::string& to);
  /// Members of different sides do not hear each other; who is on none hears everybody.
  void partition(const std::vector<std::vector<std::string>>& sides);
  void heal();
  /// Precondition: the scenario asked for one.
  [[nodiscard]] faults::FrameProxy& proxy() { return *proxy_; }

 private:
  void make_spaces(const std::filesystem::path& directory);
  void make_proxy(int base_port, const std::filesystem::path& directory, std::uint64_t seed);
  /// A folder with a kvctl that starts this script in place of kvd.
  void write_programs(const std::filesystem::path& directory, const std::string& script);

  std::vector<std::string> names_;
  std::string why_no_spaces_;
  std::filesystem::path programs_;
  std::optional<cluster::Variable> insecure_;
  std::unique_ptr<faults::NetworkSpaces> spaces_;
  std::unique_ptr<faults::FrameProxy> proxy_;
};

}  // namespace tests::torture
