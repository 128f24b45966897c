#include "tests/cluster/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace tests::cluster {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  std::array<int, 2> ends{-1, -1};

  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_end(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

struct Pipes {
  Pipe in;
  Pipe out;
  Pipe err;
};

pid_t start(const std::vector<std::string>& arguments, Pipes& pipes) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork");
  if (pid == 0) {
    ::dup2(pipes.in.ends[0], STDIN_FILENO);
    ::dup2(pipes.out.ends[1], STDOUT_FILENO);
    ::dup2(pipes.err.ends[1], STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  pipes.in.close_end(0);
  pipes.out.close_end(1);
  pipes.err.close_end(1);
  return pid;
}

/// Moves what is there from `pipe` to `text`; closes the pipe at its end.
void drain(Pipe& pipe, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(pipe.ends[0], buffer.data(), buffer.size());
  if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  if (got <= 0) pipe.close_end(0);
}

void feed(Pipe& pipe, const std::string& input, std::size_t& fed) {
  const ssize_t sent = ::write(pipe.ends[1], input.data() + fed, input.size() - fed);
  if (sent > 0) fed += static_cast<std::size_t>(sent);
  if (sent < 0 || fed == input.size()) pipe.close_end(1);
}

/// Until both outputs end, or the time does.
void exchange(Pipes& pipes, const std::string& input, Finished& finished, Clock::time_point until) {
  std::size_t fed = 0;
  if (input.empty()) pipes.in.close_end(1);
  while ((pipes.out.ends[0] >= 0 || pipes.err.ends[0] >= 0) && Clock::now() < until) {
    std::array<pollfd, 3> waits{{{pipes.out.ends[0], POLLIN, 0},
                                 {pipes.err.ends[0], POLLIN, 0},
                                 {pipes.in.ends[1], POLLOUT, 0}}};
    if (::poll(waits.data(), waits.size(), 100) <= 0) continue;
    if (waits[0].revents != 0) drain(pipes.out, finished.out);
    if (waits[1].revents != 0) drain(pipes.err, finished.err);
    if (waits[2].revents != 0) feed(pipes.in, input, fed);
  }
}

}  // namespace

Finished run_program(const std::vector<std::string>& arguments, const std::string& input,
                     std::chrono::seconds limit) {
  ::signal(SIGPIPE, SIG_IGN);
  const Clock::time_point until = Clock::now() + limit;
  Pipes pipes;
  const pid_t pid = start(arguments, pipes);
  Finished finished;
  exchange(pipes, input, finished, until);
  if (Clock::now() >= until) ::kill(pid, SIGKILL);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WIFEXITED(status)) finished.exit_code = WEXITSTATUS(status);
  return finished;
}

std::string built(const std::string& name) {
  return std::string(GROUPKV_BIN "/") + name;
}

}  // namespace tests::cluster
