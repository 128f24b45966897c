#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace benchmarks {

/// A process that is told what to do by lines and answers by lines. It is killed with the object.
/// One thread.
class MemberProcess {
 public:
  /// Starts `command`, its program found as a shell would.
  explicit MemberProcess(const std::vector<std::string>& command);
  ~MemberProcess();
  MemberProcess(const MemberProcess&) = delete;
  MemberProcess& operator=(const MemberProcess&) = delete;

  void tell(const std::string& line) const;
  /// What stands behind `word` in the next line that begins with it; nothing when none comes within
  /// the limit, or the process ends.
  [[nodiscard]] std::optional<std::string> hear(const std::string& word,
                                                std::chrono::milliseconds limit);
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  /// Whether more of its answers came in.
  [[nodiscard]] bool read_more(std::chrono::milliseconds limit);

  pid_t pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string heard_;
};

/// An address on loopback at which nobody listens now.
[[nodiscard]] std::string free_address();

/// The time on a processor of all threads of these processes so far.
[[nodiscard]] std::chrono::nanoseconds processor_time(const std::vector<pid_t>& processes);

}  // namespace benchmarks
