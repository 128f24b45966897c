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
  /// What a network is made for: members n1, n2 and so on of a program, with files in a run's
  /// directory.
  struct Settings {
    Links links = Links::direct;
    int replicas = 0;
    int base_port = 0;
    std::filesystem::path kvd;
    std::filesystem::path directory;
    std::uint64_t seed = 0;
  };

  /// Throws when it cannot be made.
  explicit Network(const Settings& settings);

  // For starting the group.
  [[nodiscard]] const std::filesystem::path& programs() const { return programs_; }
  [[nodiscard]] std::vector<cluster::MemberHosts> hosts() const;

  // For scenarios that have one.
  /// How links are cut: in words, for those who read the results.
  [[nodiscard]] std::string means() const;
  /// The members that are on it: those of the beginning.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// Nothing that the one sends reaches the other.
  void block(const std::string& from, const std::string& to);
  /// Throws when they can make a connection. Nothing where a proxy only holds back what they say.
  void expect_cut(const std::string& one, const std::string& other) const;
  /// Members of different sides do not hear each other; who is on none hears everybody.
  void partition(const std::vector<std::vector<std::string>>& sides);
  void heal();
  /// Precondition: the scenario asked for one.
  [[nodiscard]] faults::FrameProxy& proxy() { return *proxy_; }

 private:
  void make_spaces();
  void make_proxy();
  /// A folder with a kvctl that starts this script in place of kvd.
  void write_programs(const std::string& script);
  [[nodiscard]] std::string peer_port(std::size_t member) const;

  const Settings settings_;
  std::vector<std::string> names_;
  std::string why_no_spaces_;
  std::filesystem::path programs_;
  std::optional<cluster::Variable> insecure_;
  std::unique_ptr<faults::NetworkSpaces> spaces_;
  std::unique_ptr<faults::FrameProxy> proxy_;
};

}  // namespace tests::torture
