#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "client/client.hpp"
#include "client/kvctl/local_layout.hpp"

namespace kvctl {

/// A group whose members are processes of this machine, in one directory. It signals no process but
/// those that it started itself.
class LocalCluster {
 public:
  explicit LocalCluster(std::filesystem::path directory) : directory_(std::move(directory)) {}

  [[nodiscard]] std::vector<LocalMember> members() const { return local_members(directory_); }
  /// Error: not_found, naming those that there are.
  [[nodiscard]] client::Result<LocalMember> find(const std::string& name) const;
  /// What is wrong where there is no member at all. not_found.
  [[nodiscard]] client::Error no_cluster() const;

  /// Makes `count` members run: makes them where there is no cluster, and starts those that do not
  /// run. Without a base port it is kBasePortDefault, or the cluster's. Errors: io (the cluster has
  /// another number of members or other ports; a port is in use; a process cannot be started),
  /// not_found (no kvd).
  [[nodiscard]] client::Result<void> start(std::size_t count,
                                           std::optional<std::uint16_t> base_port);
  /// Starts one more. Errors as of start().
  [[nodiscard]] client::Result<LocalMember> add();
  /// Starts a member that does not run. Errors as of start().
  [[nodiscard]] client::Result<void> start(const LocalMember& member);
  /// Asks the member to stop, and kills it if it does not. Returns when it is gone. Error: io.
  [[nodiscard]] client::Result<void> stop(const LocalMember& member);
  [[nodiscard]] client::Result<void> signal(const LocalMember& member, int signal);
  /// Removes the member's data, or all of its directory. Precondition: it does not run. Error: io.
  [[nodiscard]] client::Result<void> wipe(const LocalMember& member) const;
  [[nodiscard]] client::Result<void> remove(const LocalMember& member) const;

  /// Waits until these members answer, in one view in which all of them are up. Errors: io (one of
  /// them has ended; the detail says what it said last), timed_out.
  [[nodiscard]] client::Result<void> wait_until_up(const std::vector<LocalMember>& expected,
                                                   std::chrono::milliseconds time_max) const;
  /// Names the members as those to ask.
  [[nodiscard]] client::Options client_options() const;
  /// The name of the leader. Error: unavailable.
  [[nodiscard]] client::Result<std::string> leader() const;

 private:
  /// Whether the cluster `all` is one of this size, at these ports.
  [[nodiscard]] client::Result<void> check_same(const std::vector<LocalMember>& all,
                                                std::size_t count,
                                                std::optional<std::uint16_t> base_port) const;
  [[nodiscard]] client::Result<void> launch(const LocalMember& member,
                                            const std::vector<LocalMember>& others);

  std::filesystem::path directory_;
};

}  // namespace kvctl
