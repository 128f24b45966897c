#include "kvstore/server/process.hpp"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "kvstore/server/exit_code.hpp"

namespace kvstore::server {
namespace {

/// Files of the log and of the store, and connections of other members.
constexpr std::size_t kFilesForOthers = 512;
/// Where nobody can tell.
constexpr std::size_t kFilesUnknown = 1024;
/// Memory of so much at a time is the system's own again once it is freed. An allocator that is
/// left to itself keeps what large values took, and of each thread apart.
constexpr int kOwnMappingBytes = 4 * 1024 * 1024;
/// What is kept of smaller pieces at the end of a heap, so that it does not shrink and grow again
/// with each burst.
constexpr int kSpareBytes = 8 * 1024 * 1024;
/// Each heap has holes of its own, and threads that allocate at the same time are few.
constexpr int kHeapsMax = 4;

// Signal handlers may do little more than this.
extern "C" void end_by_invariant(int) {
  _exit(static_cast<int>(ExitCode::invariant));
}
extern "C" void end_in_time(int) {
  _exit(static_cast<int>(ExitCode::done));
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void prepare_process() {
  // Of no effect where a sanitizer allocates.
  (void)mallopt(M_MMAP_THRESHOLD, kOwnMappingBytes);
  (void)mallopt(M_TRIM_THRESHOLD, kSpareBytes);
  (void)mallopt(M_ARENA_MAX, kHeapsMax);
  handle(SIGABRT, end_by_invariant);
  handle(SIGALRM, end_in_time);
  handle(SIGPIPE, SIG_IGN);
}

std::size_t allow_all_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kFilesUnknown;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t clients_within(std::size_t files, std::size_t wanted) {
  const std::size_t for_others = std::min(kFilesForOthers, files / 2);
  return std::min(wanted, files - for_others);
}

void end_process_after(unsigned seconds) {
  alarm(seconds);
}

std::vector<std::string_view> process_environment() {
  std::vector<std::string_view> out;
  for (char** line = environ; *line != nullptr; ++line) out.emplace_back(*line);
  return out;
}

}  // namespace kvstore::server
