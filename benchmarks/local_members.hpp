#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "client/client.hpp"
#include "client/kvctl/local_cluster.hpp"

namespace benchmarks {

/// Replicas on this machine in a directory of their own; processes and files are gone with the
/// object, and soon after this process if it is ended.
class LocalMembers {
 public:
  /// Starts `count` replicas and waits until all are up; their client ports are base_port + 1 and
  /// so on. Error: as of kvctl::LocalCluster, and io.
  [[nodiscard]] static client::Result<std::unique_ptr<LocalMembers>> start(std::size_t count,
                                                                           std::uint16_t base_port);
  ~LocalMembers();
  LocalMembers(const LocalMembers&) = delete;
  LocalMembers& operator=(const LocalMembers&) = delete;

  [[nodiscard]] kvctl::LocalCluster& cluster() { return cluster_; }
  /// The member that leads; waits a while for one.
  [[nodiscard]] client::Result<kvctl::LocalMember> leader() const;
  [[nodiscard]] client::Result<void> wait_until_up() const;
  /// With all members' addresses.
  [[nodiscard]] client::Options client_options() const;

 private:
  explicit LocalMembers(std::filesystem::path directory);

  /// Starts the process that clears up, after this one's end too.
  [[nodiscard]] client::Result<void> start_sweeper();
  /// Ends the members and removes the directory.
  void sweep();

  std::filesystem::path directory_;
  kvctl::LocalCluster cluster_;
  pid_t sweeper_ = 0;
  /// The end of a pipe that only this process has: the sweeper reads its other end.
  int alive_ = -1;
};

}  // namespace benchmarks
