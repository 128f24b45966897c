#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/client.hpp"
#include "tests/cluster/local_group.hpp"

namespace tests::torture {

/// A member's process.
enum class ProcessState { stopped, running, paused };

struct ProcessOf {
  std::string name;
  ProcessState state = ProcessState::stopped;
  pid_t pid = 0;
  /// Of its client port.
  std::string address;
};

/// Looks at a group from outside, without waiting long for members that do not answer. Thread rule:
/// any thread.
class Observer {
 public:
  using Status = kvstore::api::StatusReply;

  explicit Observer(const cluster::LocalGroup& group);

  /// The members that have a directory, and their processes.
  [[nodiscard]] std::vector<ProcessOf> processes() const;
  /// What each member says that answers within `limit`.
  [[nodiscard]] std::vector<Status> statuses(
      std::chrono::milliseconds limit = std::chrono::milliseconds(300)) const;
  /// The leader of the latest epoch; nothing when none answers.
  [[nodiscard]] std::optional<std::string> leader() const;
  /// Waits until there is a leader; throws after 20 s.
  [[nodiscard]] std::string wait_for_leader() const;
  /// Waits until all members that have a directory answer in one view in which all of them, and
  /// nobody else, are voters and up; throws after `limit`.
  void wait_all_up(std::chrono::seconds limit = std::chrono::seconds(60)) const;

  [[nodiscard]] client::Client& client() const { return client_; }

 private:
  [[nodiscard]] bool are_all_up(std::string& why) const;

  const cluster::LocalGroup& group_;
  mutable client::Client client_;
};

}  // namespace tests::torture
