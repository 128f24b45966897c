#include "tests/torture/stopping/system_points.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/torture/kept_files.hpp"

namespace tests::torture {
namespace {

/// Less is no part of a snapshot, but talk about it.
constexpr std::size_t kStatePartBytesMin = 512;

struct Watch {
  std::atomic<StopPlan*> plan = nullptr;
  int client_port = 0;
  int peer_port = 0;
};

Watch& watch() {
  static Watch kWatch;
  return kWatch;
}

/// The port at this end of a connection; zero for what is none.
int own_port(int socket) {
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) return 0;
  return address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
}

void before_send(int socket, std::size_t bytes) {
  StopPlan* const plan = watch().plan;
  const int port = plan == nullptr ? 0 : own_port(socket);
  if (port == 0) return;
  if (port == watch().client_port) return plan->reached("client_reply");
  if (port != watch().peer_port) return plan->reached("peer_send");
  if (bytes >= kStatePartBytesMin) plan->reached("state_send");
}

void after_receive(int socket, ssize_t bytes) {
  StopPlan* const plan = watch().plan;
  if (plan == nullptr || bytes <= 0 || own_port(socket) != watch().client_port) return;
  plan->reached("client_request");
}

bool is_log(int file) {
  std::array<char, 4096> path;
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t bytes = ::readlink(link.c_str(), path.data(), path.size());
  return bytes > 0 &&
         std::string_view(path.data(), static_cast<std::size_t>(bytes)).find("/data/log/") !=
             std::string_view::npos;
}

/// Copies a segment of the log that is about to have another name, or none. What cannot be copied
/// is missed where the stream is replayed.
void keep_segment(const char* path) {
  const std::string_view text(path);
  const char* const folder = std::getenv(kKeptSegmentsVariable);
  if (folder == nullptr || !text.ends_with(".seg") || text.find("/data/log/") == text.npos) return;
  static std::atomic<int> kept = 0;
  std::error_code ignored;
  std::filesystem::copy_file(path,
                             std::filesystem::path(folder) / (std::to_string(::getpid()) + '.' +
                                                              std::to_string(++kept) + ".seg"),
                             std::filesystem::copy_options::overwrite_existing, ignored);
}

std::size_t size_of(const msghdr& message) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) bytes += message.msg_iov[i].iov_len;
  return bytes;
}

}  // namespace

void watch_system_calls(StopPlan& plan, int client_port, int peer_port) {
  watch().client_port = client_port;
  watch().peer_port = peer_port;
  watch().plan = &plan;
}

}  // namespace tests::torture

using tests::torture::after_receive;
using tests::torture::before_send;
using tests::torture::keep_segment;

// Where the program calls `send`, the linker puts `__wrap_send`, and for `__real_send` the
// library's own.
extern "C" {

ssize_t __real_send(int socket, const void* bytes, std::size_t count, int flags);
ssize_t __real_sendmsg(int socket, const msghdr* message, int flags);
ssize_t __real_recv(int socket, void* bytes, std::size_t count, int flags);
ssize_t __real_recvmsg(int socket, msghdr* message, int flags);
int __real_fdatasync(int file);
int __real_rename(const char* from, const char* to);
int __real_unlink(const char* path);

ssize_t __wrap_send(int socket, const void* bytes, std::size_t count, int flags) {
  before_send(socket, count);
  return __real_send(socket, bytes, count, flags);
}

ssize_t __wrap_sendmsg(int socket, const msghdr* message, int flags) {
  before_send(socket, tests::torture::size_of(*message));
  return __real_sendmsg(socket, message, flags);
}

ssize_t __wrap_recv(int socket, void* bytes, std::size_t count, int flags) {
  const ssize_t got = __real_recv(socket, bytes, count, flags);
  after_receive(socket, got);
  return got;
}

ssize_t __wrap_recvmsg(int socket, msghdr* message, int flags) {
  const ssize_t got = __real_recvmsg(socket, message, flags);
  after_receive(socket, got);
  return got;
}

int __wrap_fdatasync(int file) {
  tests::torture::StopPlan* const plan = tests::torture::watch().plan;
  const bool is_point = plan != nullptr && tests::torture::is_log(file);
  if (is_point) plan->reached("log_sync");
  const int result = __real_fdatasync(file);
  const int error = errno;
  if (is_point) plan->reached("log_synced");
  errno = error;
  return result;
}

int __wrap_rename(const char* from, const char* to) {
  keep_segment(from);
  return __real_rename(from, to);
}

int __wrap_unlink(const char* path) {
  keep_segment(path);
  return __real_unlink(path);
}

}  // extern "C"
