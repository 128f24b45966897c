#include "benchmarks/member_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace benchmarks {
namespace {

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  return ends;
}

}  // namespace

MemberProcess::MemberProcess(const std::vector<std::string>& command) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto in = make_pipe();
  const auto out = make_pipe();
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
}

MemberProcess::~MemberProcess() {
  ::close(to_);
  ::close(from_);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void MemberProcess::tell(const std::string& line) const {
  const std::string whole = line + '\n';
  // Far less than a pipe holds: all of it or, when the process is gone, nothing.
  [[maybe_unused]] const ssize_t written = ::write(to_, whole.data(), whole.size());
}

bool MemberProcess::read_more(std::chrono::milliseconds limit) {
  pollfd wait{from_, POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(limit.count(), 0))) <= 0)
    return false;
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(from_, buffer.data(), buffer.size());
  if (got <= 0) return false;
  heard_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> MemberProcess::hear(const std::string& word,
                                               std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (true) {
    for (std::size_t end = heard_.find('\n'); end != std::string::npos; end = heard_.find('\n')) {
      const std::string line = heard_.substr(0, end);
      heard_.erase(0, end + 1);
      if (line.starts_with(word)) return line.substr(std::min(line.size(), word.size() + 1));
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !read_more(left)) return std::nullopt;
  }
}

std::string free_address() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  const bool found = ::bind(socket, plain, bytes) == 0 && ::getsockname(socket, plain, &bytes) == 0;
  ::close(socket);
  if (!found) throw std::runtime_error("no free port");
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

std::chrono::nanoseconds processor_time(const std::vector<pid_t>& processes) {
  std::chrono::nanoseconds sum{0};
  for (const pid_t process : processes) {
    std::error_code gone;
    const auto tasks = "/proc/" + std::to_string(process) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
      std::ifstream in(task.path() / "schedstat");
      std::int64_t on_processor = 0;
      if (in >> on_processor) sum += std::chrono::nanoseconds(on_processor);
    }
  }
  return sum;
}

}  // namespace benchmarks
