#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/cluster/program.hpp"

namespace tests::cluster {

/// Real replicas on this machine, in a directory of their own, driven by `kvctl local` as a user
/// would. Gone, processes and files, with the object. One thread.
class LocalGroup {
 public:
  /// Starts `size` replicas; their client ports are base_port + 1 and so on. Throws when they do
  /// not come up.
  LocalGroup(int size, int base_port);
  ~LocalGroup();
  LocalGroup(const LocalGroup&) = delete;
  LocalGroup& operator=(const LocalGroup&) = delete;

  /// Runs kvctl on this group.
  [[nodiscard]] Finished kvctl(const std::vector<std::string>& arguments,
                               const std::string& input = {}) const;
  /// Runs kvctl and throws unless it ends with 0. Returns its output.
  std::string must(const std::vector<std::string>& arguments, const std::string& input = {}) const;

  /// The name of the leader, from the members' own word; throws when there is none for 10 s.
  [[nodiscard]] std::string leader() const;
  /// Waits until every replica is up in one view; throws after 30 s.
  void wait_all_up() const;

  [[nodiscard]] std::vector<std::string> endpoints() const;
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] int client_port(int number) const { return base_port_ + number; }
  [[nodiscard]] int peer_port(int number) const { return base_port_ + 100 + number; }

 private:
  const int size_;
  const int base_port_;
  std::filesystem::path directory_;
};

}  // namespace tests::cluster
