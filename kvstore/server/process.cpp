#include "kvstore/server/process.hpp"

#include <signal.h>
#include <unistd.h>

#include "kvstore/server/exit_code.hpp"

namespace kvstore::server {
namespace {

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
  handle(SIGABRT, end_by_invariant);
  handle(SIGALRM, end_in_time);
  handle(SIGPIPE, SIG_IGN);
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
