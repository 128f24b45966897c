#include "tests/cluster/raw_connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace tests::cluster {
namespace {

using Clock = std::chrono::steady_clock;
using gms::model::Bytes;
using gms::model::ByteSpan;
using std::chrono::milliseconds;

bool is_readable(int socket, milliseconds limit) {
  pollfd wait{socket, POLLIN, 0};
  return ::poll(&wait, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace

RawConnection::RawConnection(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  ::close(socket_);
  throw std::runtime_error("nobody listens at port " + std::to_string(port));
}

RawConnection::~RawConnection() {
  ::close(socket_);
}

void RawConnection::send(ByteSpan bytes) const {
  while (!bytes.empty()) {
    pollfd wait{socket_, POLLOUT, 0};
    if (::poll(&wait, 1, 1000) <= 0) return;
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

void RawConnection::end_sending() const {
  ::shutdown(socket_, SHUT_WR);
}

Bytes RawConnection::receive(milliseconds limit) const {
  std::array<std::byte, 4096> buffer;
  if (!is_readable(socket_, limit)) return {};
  const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return {};
  return {buffer.begin(), buffer.begin() + got};
}

bool RawConnection::is_dropped(milliseconds limit) const {
  std::array<std::byte, 4096> buffer;
  const auto until = Clock::now() + limit;
  while (Clock::now() < until) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
    if (!is_readable(socket_, left + milliseconds(1))) return false;
    if (::recv(socket_, buffer.data(), buffer.size(), 0) <= 0) return true;
  }
  return false;
}

}  // namespace tests::cluster
