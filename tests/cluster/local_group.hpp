#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/cluster/program.hpp"

namespace tests::cluster {

/// A view as `kvctl status` shows it.
struct ShownView {
  std::int64_t seq = 0;
  std::vector<std::string> voters;
  std::vector<std::string> up;
  /// Members that answer, which they may not yet or no more do when they are up.
  std::size_t answering = 0;
};

/// The numeric addresses at which a replica serves clients and is told that others are.
struct MemberHosts {
  std::string client = "127.0.0.1";
  std::string peer = "127.0.0.1";
};

/// Real replicas on this machine, in a directory of their own, driven by `kvctl local` as a user
/// would. Gone, processes and files, with the object; the processes also if this one is killed. One
/// thread.
class LocalGroup {
 public:
  /// Starts `size` replicas; their client ports are base_port + 1 and so on, and their directory is
  /// in `parent`, or in the one for temporary files. They are the kvd in the folder `programs`, or
  /// the one that users run. They are at `hosts`, or all at 127.0.0.1. Throws when they do not come
  /// up.
  LocalGroup(int size, int base_port, const std::filesystem::path& parent = {},
             std::filesystem::path programs = {}, std::vector<MemberHosts> hosts = {});
  ~LocalGroup();
  LocalGroup(const LocalGroup&) = delete;
  LocalGroup& operator=(const LocalGroup&) = delete;

  /// From now on the files stay when the object goes; the processes do not.
  void keep() { is_kept_ = true; }

  /// Runs kvctl on this group.
  [[nodiscard]] Finished kvctl(const std::vector<std::string>& arguments,
                               const std::string& input = {}) const;
  /// Runs kvctl and throws unless it ends with 0. Returns its output.
  std::string must(const std::vector<std::string>& arguments, const std::string& input = {}) const;

  /// The name of the leader, from the members' own word; throws when there is none for 10 s.
  [[nodiscard]] std::string leader() const;
  /// The members but the leader.
  [[nodiscard]] std::vector<std::string> followers() const;
  /// Waits until every replica is up in one view; throws after 30 s.
  void wait_all_up() const;

  /// The view in force, from the members' own word; nothing when nobody answers.
  [[nodiscard]] std::optional<ShownView> view() const;
  /// Waits until the view has so many voters, of whom so many are up, and as many answer; throws
  /// after 30 s.
  void wait_for_view(std::size_t voters, std::size_t up) const;

  [[nodiscard]] std::vector<std::string> endpoints() const;
  /// The process of a replica; throws when it does not run.
  [[nodiscard]] pid_t pid(const std::string& name) const;
  /// Whether a replica has a process, paused or not.
  [[nodiscard]] bool runs(const std::string& name) const { return process(name).has_value(); }
  /// The process of a replica; nothing when it does not run, or is none of the group.
  [[nodiscard]] std::optional<pid_t> process(const std::string& name) const;
  /// Waits until a replica does not run any more; false when it still does by then.
  [[nodiscard]] bool ends_within(const std::string& name, std::chrono::milliseconds limit) const;
  /// What a replica has said; nothing if it was never started.
  [[nodiscard]] std::string log(const std::string& name) const;
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] int client_port(int number) const { return base_port_ + number; }
  [[nodiscard]] int peer_port(int number) const { return base_port_ + 100 + number; }

 private:
  /// Ends the processes and removes the files.
  void destroy() const;
  /// Writes down where the replicas are, for kvctl.
  void place() const;

  const int size_;
  const int base_port_;
  std::filesystem::path programs_;
  std::vector<MemberHosts> hosts_;
  std::filesystem::path directory_;
  Background guardian_;
  bool is_kept_ = false;
};

}  // namespace tests::cluster
