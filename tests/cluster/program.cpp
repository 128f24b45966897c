#include "tests/cluster/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
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

/// Starts a program on these three files. Not by fork: that copies the page tables of a test that
/// holds a long history, for each program again.
pid_t start(const std::vector<std::string>& arguments, const std::array<int, 3>& files) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int number = 0; number < 3; ++number)
    posix_spawn_file_actions_adddup2(&actions, files[static_cast<std::size_t>(number)], number);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw std::runtime_error("cannot start " + arguments[0] + ": " + std::strerror(error));
  return pid;
}

pid_t start(const std::vector<std::string>& arguments, Pipes& pipes) {
  const pid_t pid = start(arguments, {pipes.in.ends[0], pipes.out.ends[1], pipes.err.ends[1]});
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

bool has_sanitizer() {
  return !std::string_view(GROUPKV_SANITIZER_RUNTIME).empty();
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

Background::Background(const std::vector<std::string>& arguments, std::filesystem::path output,
                       Input input)
    : output_(std::move(output)) {
  ::signal(SIGPIPE, SIG_IGN);
  const int out = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  Pipe pipe;
  if (input == Input::none) pipe.close_end(1);
  pid_ = start(arguments, {pipe.ends[0], out, out});
  ::close(out);
  input_ = std::exchange(pipe.ends[1], -1);
}

Background::~Background() {
  end_input();
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Background::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t taken = ::write(input_, text.data(), text.size());
    if (taken <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(taken));
  }
}

void Background::end_input() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

std::string Background::said() const {
  return content_of(output_);
}

bool Background::wait_until_said(std::string_view text, std::chrono::milliseconds limit) const {
  const Clock::time_point until = Clock::now() + limit;
  while (said().find(text) == std::string::npos) {
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

std::optional<int> Background::wait(std::chrono::milliseconds limit) {
  const Clock::time_point until = Clock::now() + limit;
  while (!ended_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_)
      ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    else if (Clock::now() > until)
      break;
    else
      std::this_thread::sleep_for(2ms);
  }
  return ended_;
}

Variable::Variable(std::string name, const std::string& value) : name_(std::move(name)) {
  if (const char* before = std::getenv(name_.c_str())) before_ = before;
  ::setenv(name_.c_str(), value.c_str(), 1);
}

Variable::~Variable() {
  if (before_)
    ::setenv(name_.c_str(), before_->c_str(), 1);
  else
    ::unsetenv(name_.c_str());
}

std::uint64_t resident_bytes(pid_t process) {
  if (has_sanitizer()) return 0;
  std::ifstream in("/proc/" + std::to_string(process) + "/status");
  std::string word;
  while (in >> word && word != "VmRSS:") {
  }
  std::uint64_t kib = 0;
  in >> kib;
  return kib * 1024;
}

int patience() {
  return has_sanitizer() ? 10 : 1;
}

std::filesystem::path fresh_directory(const std::filesystem::path& parent) {
  const auto where = parent.empty() ? std::filesystem::temp_directory_path() : parent;
  std::filesystem::create_directories(where);
  std::string pattern = (where / "groupkv-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error(where.string() + ": no directory can be made there");
  return pattern;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string built(const std::string& name) {
  return std::string(GROUPKV_BIN "/") + name;
}

std::filesystem::path sources() {
  return GROUPKV_SOURCE;
}

}  // namespace tests::cluster
