#include "client/kvctl/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;

/// What /proc tells of a process.
struct Stat {
  char state = 0;
  std::uint64_t threads = 0;
  std::uint64_t started = 0;

  /// Its first thread may be gone while others still hold its files and ports.
  [[nodiscard]] bool has_ended() const { return (state == 'Z' || state == 'X') && threads <= 1; }
};

std::optional<Stat> read_stat(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  // The second field is the program's name in brackets, which may hold anything.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  Stat stat;
  fields >> stat.state;
  constexpr int kFieldsBetween = 16;
  std::string skipped;
  for (int i = 0; i < kFieldsBetween; ++i) fields >> skipped;
  fields >> stat.threads >> skipped >> stat.started;
  if (!fields) return std::nullopt;
  return stat;
}

std::optional<Stat> stat_of(const ProcessId& process) {
  if (process.pid <= 0) return std::nullopt;
  const auto stat = read_stat(process.pid);
  if (!stat || stat->has_ended() || stat->started != process.started) return std::nullopt;
  return stat;
}

/// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// Names the process itself, not its number: a signal through it never meets another one.
Descriptor open_process(const ProcessId& process) {
  Descriptor opened(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  // The number was still its own after it was opened.
  if (!stat_of(process)) return Descriptor(-1);
  return opened;
}

/// How a process is spawned.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// Zero or the number of the error.
  [[nodiscard]] int run(char* const* words, const char* log, pid_t& pid) {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND,
                                     0644);
    posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID);
    return posix_spawn(&pid, words[0], &actions_, &attributes_, words, environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

std::optional<ProcessId> process_with(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat || stat->has_ended()) return std::nullopt;
  return ProcessId{pid, stat->started};
}

bool is_running(const ProcessId& process) {
  return stat_of(process).has_value();
}

bool is_paused(const ProcessId& process) {
  const auto stat = stat_of(process);
  return stat && (stat->state == 'T' || stat->state == 't');
}

Result<ProcessId> start_process(const std::vector<std::string>& words,
                                const std::filesystem::path& log) {
  if (access(words[0].c_str(), X_OK) != 0)
    return Error{ErrorCode::not_found, "there is no program " + words[0]};
  std::vector<std::string> copies = words;
  std::vector<char*> pointers;
  for (std::string& word : copies) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t pid = 0;
  if (const int error = SpawnPlan().run(pointers.data(), log.c_str(), pid); error != 0)
    return Error{ErrorCode::io, "cannot start " + words[0] + ": " + std::strerror(error)};
  return process_with(pid).value_or(ProcessId{pid, 0});
}

Result<void> send_signal(const ProcessId& process, int signal) {
  const Descriptor target = open_process(process);
  if (target.number() < 0) return Error{ErrorCode::not_found, "the process does not run"};
  if (syscall(SYS_pidfd_send_signal, target.number(), signal, nullptr, 0) != 0)
    return Error{ErrorCode::io, std::string("cannot signal: ") + std::strerror(errno)};
  return {};
}

bool wait_for_end(const ProcessId& process, std::chrono::milliseconds time_max) {
  const Descriptor target = open_process(process);
  if (target.number() < 0) return true;
  pollfd waiting{target.number(), POLLIN, 0};
  return poll(&waiting, 1, static_cast<int>(time_max.count())) > 0;
}

std::optional<int> exit_status(const ProcessId& child) {
  int status = 0;
  if (waitpid(child.pid, &status, WNOHANG) != child.pid) return std::nullopt;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::filesystem::path program_beside(const std::string& name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return self.parent_path() / name;
}

}  // namespace kvctl
