#pragma once

#include <array>
#include <optional>
#include <vector>

#include "gms/core/message.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/options.hpp"

namespace tests::simulation {

/// A message on its way.
struct Letter {
  gms::core::Message message;
  Machine from = 0;
  Machine to = 0;
  /// Which of the connections from `from` to `to` carries it.
  std::uint64_t connection = 0;
  /// Kept back for long; it does not depend on a connection any more.
  bool from_the_graveyard = false;
};

/// Letters by number, in memory that is used again.
class Mailbag {
 public:
  [[nodiscard]] std::uint32_t put(Letter letter);
  [[nodiscard]] Letter take(std::uint32_t number);

 private:
  std::vector<Letter> letters_;
  std::vector<std::uint32_t> free_;
};

/// What becomes of one message.
struct Fate {
  std::optional<VirtualTime> arrives;
  std::optional<VirtualTime> copy_arrives;
  std::optional<VirtualTime> returns_from_the_graveyard;
};

/// Links between machines: who may reach whom, who is connected, and how messages fare.
class Network {
 public:
  Network(const NetworkOptions& options, Random random);

  [[nodiscard]] Fate send(Machine from, Machine to, std::size_t type, VirtualTime now);

  /// Blocks are counted: what two faults block is open when both are over.
  void block(Machine from, Machine to) { ++link(from, to).blocks; }
  void unblock(Machine from, Machine to) { --link(from, to).blocks; }
  [[nodiscard]] bool is_open(Machine from, Machine to) const { return link(from, to).blocks == 0; }
  [[nodiscard]] bool is_open_both_ways(Machine a, Machine b) const {
    return is_open(a, b) && is_open(b, a);
  }
  void clog(Machine from, Machine to, VirtualTime until) { link(from, to).clogged_until = until; }
  /// Messages of `type` from that machine are lost while it lasts.
  void drop_type(Machine from, std::size_t type) { dropped_[from] = type; }
  void stop_dropping(Machine from) { dropped_[from].reset(); }
  /// How messages fare from now on; blocks and clogs stay as they are.
  void behave(const NetworkOptions& options);
  /// No more clogs and messages dropped by type.
  void unclog();

  // Connections are of a pair; each direction numbers its own.
  [[nodiscard]] bool is_connected(Machine a, Machine b) const { return link(a, b).connected; }
  void connect(Machine a, Machine b);
  /// The process at `to` is gone, which `from` does not know yet: what is on its way to it is lost,
  /// and what either end sends from now on.
  void sever(Machine from, Machine to);
  /// What is still on its way is lost.
  void disconnect(Machine a, Machine b);
  [[nodiscard]] std::uint64_t connection(Machine from, Machine to) const {
    return link(from, to).connection;
  }

  [[nodiscard]] VirtualTime delay();

 private:
  struct Link {
    int blocks = 0;
    bool connected = false;
    bool severed = false;
    std::uint64_t connection = 0;
    VirtualTime clogged_until{};
    VirtualTime last_arrival{};
  };

  [[nodiscard]] Link& link(Machine from, Machine to) { return links_[from * kMachinesMax + to]; }
  [[nodiscard]] const Link& link(Machine from, Machine to) const {
    return links_[from * kMachinesMax + to];
  }

  NetworkOptions options_;
  Random random_;
  std::array<Link, kMachinesMax * kMachinesMax> links_{};
  std::array<std::optional<std::size_t>, kMachinesMax> dropped_{};
  /// Delays drawn in advance: a random one of them is as good as a new one, and cheap.
  std::vector<VirtualTime> delays_;
};

}  // namespace tests::simulation
