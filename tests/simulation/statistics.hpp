#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "gms/core/message.hpp"
#include "tests/simulation/random.hpp"

namespace tests::simulation {

/// What may strike a cluster.
enum class FaultClass : std::uint8_t {
  crash,
  crash_leader,
  crash_loop,
  crash_between_effects,
  power_loss,
  pause,
  partition,
  one_way,
  clog,
  reset,
  drop_type,
  disk_stall,
  disk_full,
  sync_failure,
  leave,
  replace,
  transfer,
  evict,
  maintenance,
  wipe,
  cut_candidate,
  flip,
  message_lost,
  message_doubled,
  message_from_the_graveyard,
};
inline constexpr std::size_t kFaultClasses =
    static_cast<std::size_t>(FaultClass::message_from_the_graveyard) + 1;

/// What a corpus of seeds has to reach to be worth anything.
enum class Sometimes : std::uint8_t {
  three_candidates,
  entries_truncated,
  view_truncated,
  commit_without_the_leaders_disk,
  old_epoch_entry_on_a_majority,
  transfer_done,
  transfer_aborted,
  joined,
  joined_anew,
  left,
  marked_down,
  marked_up,
  excluded,
  process_found_dead,
  stall_noticed,
  multicast_dropped,
  copy_not_executed,
  old_message_after_an_epoch,
  entries_read_from_the_log,
  unsynced_orders_lost,
  read_while_the_view_changed,
  evicted,
  evicted_to_the_floor,
  shrunk_from_five_to_three,
  regrown_from_three_to_five,
  back_without_a_wipe,
  joiner_ahead,
  dead_member_replaced,
  maintenance_began,
  log_trimmed,
  snapshot_installed,
  snapshot_installed_with_a_tail,
  installed_while_a_view_is_uncommitted,
  snapshot_dropped,
  fetch_went_on_over_a_leader_change,
  sibling_views,
  view_inherited,
  copy_after_a_leader_change,
  late_timeout_now,
  killed_while_fetching,
  follower_diverged,
  leader_diverged,
  state_mended,
  state_damaged,
};
inline constexpr std::size_t kSometimes = static_cast<std::size_t>(Sometimes::state_damaged) + 1;

/// Kinds of messages.
inline constexpr std::size_t kMessageTypes = std::variant_size_v<gms::core::MessageBody>;

/// What happened in a run, or in many.
struct Statistics {
  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::uint64_t elections = 0;
  std::uint64_t view_changes = 0;
  std::uint64_t boots = 0;
  std::uint64_t delivered = 0;
  std::uint64_t calls = 0;
  std::uint64_t calls_ok = 0;
  std::uint64_t calls_unknown = 0;
  std::uint64_t calls_failed = 0;
  std::uint64_t image_checks = 0;
  std::uint64_t inconclusive = 0;
  VirtualTime simulated{};
  std::array<std::uint64_t, kFaultClasses> faults{};
  std::array<std::uint64_t, kSometimes> sometimes{};
  /// Messages that came long after they were sent, in a later epoch.
  std::array<std::uint64_t, kMessageTypes> old_messages{};

  void count(FaultClass fault) { ++faults[static_cast<std::size_t>(fault)]; }
  void count(Sometimes reached) { ++sometimes[static_cast<std::size_t>(reached)]; }
  [[nodiscard]] std::uint64_t of(Sometimes reached) const {
    return sometimes[static_cast<std::size_t>(reached)];
  }
  Statistics& operator+=(const Statistics& other);
};

/// What a corpus of seeds did not reach of all that it has to: everything that `Sometimes` lists
/// but what is so rare that it is told elsewhere, and old messages of replication and liveness.
[[nodiscard]] std::vector<std::string> not_reached(const Statistics& statistics);

/// Several lines for people. `elapsed` is the wall time that it took.
[[nodiscard]] std::string summary(const Statistics& statistics,
                                  std::chrono::duration<double> elapsed);

}  // namespace tests::simulation
