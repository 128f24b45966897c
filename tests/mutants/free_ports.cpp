#include "tests/mutants/free_ports.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

namespace tests::mutants {
namespace {

/// Below the ports of this tree's tests and benchmarks, and above those of `kvctl local`.
constexpr int kFirstPort = 9000;
constexpr int kPlaces = 29;
/// From one place to the next, and from client ports to peer ports.
constexpr int kApart = 200;
constexpr int kToPeers = 100;
/// Members that a group may come to have.
constexpr int kMembersMax = 30;

bool is_free(int port) {
  const int number = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // As members do: what a connection of before has left is in nobody's way.
  const int yes = 1;
  (void)::setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound =
      ::bind(number, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  (void)::close(number);
  return bound;
}

bool is_free_for_members(int base_port) {
  for (int member = 1; member <= kMembersMax; ++member)
    if (!is_free(base_port + member) || !is_free(base_port + kToPeers + member)) return false;
  return true;
}

}  // namespace

int free_base_port() {
  const int own_place = static_cast<int>(::getpid()) % kPlaces;
  for (int i = 0; i < kPlaces; ++i) {
    const int base_port = kFirstPort + (own_place + i) % kPlaces * kApart;
    if (is_free_for_members(base_port)) return base_port;
  }
  throw std::runtime_error("no ports are free for members");
}

}  // namespace tests::mutants
