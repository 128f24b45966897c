#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client/types.hpp"

namespace kvctl {

/// A process of this machine: the number alone may belong to another one later.
struct ProcessId {
  pid_t pid = 0;
  /// Of its start, in the kernel's ticks since boot.
  std::uint64_t started = 0;

  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

/// What the process of that number is now; nothing when there is none, or only its remains.
[[nodiscard]] std::optional<ProcessId> process_with(pid_t pid);
/// Whether exactly this process still runs, be it with one last thread.
[[nodiscard]] bool is_running(const ProcessId& process);
/// Whether it is stopped, by SIGSTOP for one.
[[nodiscard]] bool is_paused(const ProcessId& process);

/// Starts `words` in a session of its own, without input, with its output appended to `log`.
/// Errors: not_found (no such program), io.
[[nodiscard]] client::Result<ProcessId> start_process(const std::vector<std::string>& words,
                                                      const std::filesystem::path& log);
/// Sends a signal to exactly this process. Errors: not_found (it does not run), io.
[[nodiscard]] client::Result<void> send_signal(const ProcessId& process, int signal);
/// Waits until it has ended. False when it has not by then.
[[nodiscard]] bool wait_for_end(const ProcessId& process, std::chrono::milliseconds time_max);
/// The exit code of a process that this one started, once it has ended; a signal counts 128 more.
[[nodiscard]] std::optional<int> exit_status(const ProcessId& child);

/// A program beside this one, such as `kvd`.
[[nodiscard]] std::filesystem::path program_beside(const std::string& name);

}  // namespace kvctl
