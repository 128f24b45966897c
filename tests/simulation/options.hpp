#pragma once

#include <cstdint>
#include <string>

#include "gms/core/config.hpp"
#include "tests/simulation/random.hpp"

namespace tests::simulation {

/// How messages fare. Chances are per million messages.
struct NetworkOptions {
  VirtualTime delay_median{300};
  double delay_sigma = 0.5;
  /// Keep each link in order.
  bool in_order = false;
  std::uint64_t loss = 0;
  std::uint64_t duplication = 0;
  /// Kept, and sent again much later.
  std::uint64_t graveyard = 0;
  /// Tell the survivors of a crash that nobody listens any more.
  bool crash_hints = true;
};

/// How a machine's disk fares.
struct DiskOptions {
  VirtualTime sync_median{150};
  double sync_sigma = 0.4;
  /// The log writes files on a simulated disk, which recovery reads; otherwise memory alone.
  bool files = false;
  /// Per million syncs: one fails and the process has to stop.
  std::uint64_t sync_failure = 0;
  /// Per million syncs: one takes a second and more.
  std::uint64_t stall = 0;
};

/// How often something strikes, per simulated minute over the whole cluster; zero is never.
struct FaultOptions {
  std::uint64_t crash = 0;
  std::uint64_t crash_leader = 0;
  std::uint64_t crash_loop = 0;
  std::uint64_t power_loss = 0;
  std::uint64_t pause = 0;
  std::uint64_t partition = 0;
  std::uint64_t one_way = 0;
  std::uint64_t clog = 0;
  std::uint64_t reset = 0;
  std::uint64_t drop_type = 0;
  std::uint64_t disk_stall = 0;
  std::uint64_t disk_full = 0;
  std::uint64_t leave = 0;
  std::uint64_t transfer = 0;
  std::uint64_t evict = 0;
  std::uint64_t maintenance = 0;
  std::uint64_t wipe = 0;
  std::uint64_t cut_candidate = 0;
  /// A member's state becomes another. Only where the others can tell: see Faults::flip().
  std::uint64_t flip = 0;
  /// Per million effects: the process dies between this one and the next.
  std::uint64_t crash_between_effects = 0;
  /// The longest that a crashed machine stays down, and that other faults last.
  VirtualTime down_max = std::chrono::seconds(3);
  VirtualTime fault_max = std::chrono::seconds(3);
};

/// What is replicated: the simple registers of the tests, or the key-value store as kvd runs it.
enum class ApplicationKind : std::uint8_t { registers, key_value };

struct WorkloadOptions {
  std::uint32_t clients = 5;
  std::uint32_t keys = 5;
  /// Between two calls of a client.
  VirtualTime think = std::chrono::milliseconds(50);
  VirtualTime timeout = std::chrono::milliseconds(400);
  /// Shares of the calls, per million; the rest are puts.
  std::uint64_t gets = 300'000;
  std::uint64_t conditionals = 100'000;
  std::uint64_t erases = 50'000;
  /// Of the requests: sent to two members at once.
  std::uint64_t doubled = 0;
  /// Followers hand writes on to the leader instead of redirecting the client.
  bool forward = false;
  /// Between two multicasts of a member; zero is never.
  VirtualTime multicast_every{};
  /// Bytes added to each write.
  std::uint32_t padding = 0;
};

/// Everything about a run but its length: a function of the seed.
struct Options {
  std::uint64_t seed = 0;
  std::uint32_t machines = 3;
  gms::core::Config config;
  /// A process that starts again gets other limits and timers.
  bool change_config_on_restart = false;
  /// Clocks run this much fast or slow, per million.
  std::uint32_t clock_drift = 0;
  /// Between a delivery and the application's consuming it; zero is at once.
  VirtualTime apply_delay{};
  VirtualTime flush_every = std::chrono::seconds(1);
  ApplicationKind application = ApplicationKind::registers;
  NetworkOptions network;
  DiskOptions disk;
  FaultOptions faults;
  WorkloadOptions workload;
};

/// Draws the options of a run: each class of faults is left out of four seeds in ten and more.
[[nodiscard]] Options expand(std::uint64_t seed);

/// Timers and limits within what validate() allows, silly ones too; when members are evicted and
/// come back is left as it is.
[[nodiscard]] gms::core::Config random_config(Random& random);

/// One `name = value` a line.
[[nodiscard]] std::string describe(const Options& options);

}  // namespace tests::simulation
