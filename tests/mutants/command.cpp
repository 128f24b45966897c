#include "tests/mutants/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

namespace tests::mutants {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAllScripts = "*.txt";
/// A mutant in a loop writes no more than this into one file.
constexpr rlim_t kFileBytesMax = rlim_t{1} << 30;
/// What a shell says of a command that cannot be run.
constexpr int kCannotRun = 127;

std::vector<std::string> expanded(const Command& command) {
  std::vector<std::string> words;
  for (const std::string& word : command.words) {
    if (!word.ends_with(kAllScripts)) {
      words.push_back(word);
      continue;
    }
    const fs::path folder = word.substr(0, word.size() - kAllScripts.size());
    std::vector<std::string> found;
    for (const auto& file : fs::directory_iterator(command.directory / folder))
      if (file.path().extension() == ".txt") found.push_back(folder / file.path().filename());
    std::ranges::sort(found);
    words.insert(words.end(), found.begin(), found.end());
  }
  return words;
}

void limit(decltype(RLIMIT_AS) what, rlim_t value) {
  const rlimit limits{value, value};
  (void)setrlimit(what, &limits);
}

/// In the child, between fork and exec: only what may be called there.
[[noreturn]] void become(const Command& command, char* const* words) {
  (void)setpgid(0, 0);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int output = open(command.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  (void)dup2(nothing, STDIN_FILENO);
  (void)dup2(output, STDOUT_FILENO);
  (void)dup2(output, STDERR_FILENO);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, kFileBytesMax);
  if (command.memory_kibibytes_max != 0)
    limit(RLIMIT_AS, rlim_t{command.memory_kibibytes_max} * 1024);
  if (chdir(command.directory.c_str()) == 0) execvp(words[0], words);
  _exit(kCannotRun);
}

/// Waits for the end of a child, at most `budget`.
bool ends_within(pid_t child, std::chrono::milliseconds budget) {
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  if (handle < 0) return false;
  pollfd wanted{handle, POLLIN, 0};
  const bool ended = poll(&wanted, 1, static_cast<int>(budget.count())) == 1;
  (void)close(handle);
  return ended;
}

/// Ends who is left of a command. Members are in sessions of their own; without a parent they are
/// children of this process.
void end_orphans() {
  while (true) {
    std::vector<pid_t> orphans;
    std::ifstream children("/proc/thread-self/children");
    for (pid_t child = 0; children >> child;) orphans.push_back(child);
    if (orphans.empty()) return;
    for (const pid_t orphan : orphans) (void)kill(orphan, SIGKILL);
    // Theirs come to this process before they are gone.
    for (const pid_t orphan : orphans) (void)waitpid(orphan, nullptr, 0);
  }
}

}  // namespace

Ending run(const Command& command) {
  std::vector<std::string> words = expanded(command);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t child = fork();
  if (child < 0) return Ending::bad;
  if (child == 0) become(command, pointers.data());
  (void)setpgid(child, child);
  const bool ended = ends_within(child, command.budget);
  // All that it started, and left behind: nobody else ends it.
  (void)kill(-child, SIGKILL);
  int status = 0;
  (void)waitpid(child, &status, 0);
  end_orphans();
  if (!ended) return Ending::timed_out;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Ending::good : Ending::bad;
}

}  // namespace tests::mutants
