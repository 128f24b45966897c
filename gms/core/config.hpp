#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "gms/model/ids.hpp"
#include "gms/model/result.hpp"

namespace gms::core {

/// When dead voters are evicted. `paired`: as many as it takes to lower the quorum, or none.
/// `eager`: each at once, though a view of even size gains nothing over the odd one below it.
enum class EvictMode : std::uint8_t { paired, eager };

/// Timers and limits of the protocol. Every queue, window, chunk and retry has its limit here. The
/// defaults suit members on one machine or in one data centre.
struct Config {
  /// The engine's clock: the driver sends a Tick at this pace.
  model::Duration tick = std::chrono::milliseconds{10};
  model::Duration heartbeat = std::chrono::milliseconds{50};
  /// Followers wait this long for their leader, at least, and at most twice as long.
  model::Duration election_min = std::chrono::milliseconds{500};
  /// A gap between two ticks that says that this process itself stood still.
  model::Duration stall = std::chrono::milliseconds{250};
  /// Silence after which a voter is marked down.
  model::Duration suspect = std::chrono::milliseconds{2000};
  /// At most one round of the view policy in this time.
  model::Duration policy = std::chrono::milliseconds{20};
  /// A voter marked down is up again after it was heard for this long without a gap.
  model::Duration up_hysteresis = std::chrono::milliseconds{1000};
  /// The same for one that comes and goes: doubled each time, up to this. One that stayed up for as
  /// long begins anew.
  model::Duration up_hysteresis_max = std::chrono::seconds{60};
  /// A voter that is marked down and silent for this long counts as dead.
  model::Duration evict_after = std::chrono::seconds{30};
  /// Between two evictions that lower the quorum.
  model::Duration evict_min_gap = std::chrono::seconds{10};
  EvictMode evict_mode = EvictMode::paired;
  /// The longest that a voter can be in maintenance by one request.
  model::Duration maintenance_max = std::chrono::hours{24};
  /// Between two changes of the epoch for the sake of one joiner that is ahead of it.
  model::Duration epoch_bump_gap = std::chrono::seconds{60};
  /// Campaigns after a crash hint are spread by this much a rank.
  model::Duration stagger = std::chrono::milliseconds{15};
  /// A leader marks a voter whose process is known dead as down after this time.
  model::Duration crash_confirm = std::chrono::milliseconds{150};
  model::Duration transfer_deadline = std::chrono::milliseconds{1000};
  /// An operator's request that is not done by then ends with an unknown outcome.
  model::Duration admin_deadline = std::chrono::seconds{10};
  /// A member sends its undelivered multicasts again after this time.
  model::Duration multicast_resend = std::chrono::milliseconds{200};
  /// A joiner asks again after this time, doubled up to the maximum.
  model::Duration join_retry = std::chrono::milliseconds{500};
  model::Duration join_retry_max = std::chrono::seconds{30};
  /// A joiner that makes no progress for this long is dropped.
  model::Duration join_stuck = std::chrono::seconds{60};
  /// An un-durable order older than this makes a leader hand over.
  model::Duration disk_stall = std::chrono::milliseconds{5000};

  /// Bytes of entries in one Append, of one entry at least.
  std::size_t append_bytes_max = 1024 * 1024;
  /// Appends in flight to one follower.
  std::size_t inflight_max = 256;
  std::size_t inflight_bytes_max = 32 * 1024 * 1024;
  /// A learner within this many bytes of the end counts as caught up.
  std::size_t lag_bytes = 4 * 1024 * 1024;
  /// Bytes of entries that are not committed, or not on the leader's own disk; past it proposals
  /// are refused as busy.
  std::size_t uncommitted_bytes_max = 64 * 1024 * 1024;
  /// Bytes of the newest entries kept in memory; older ones are read from the log.
  std::size_t tail_bytes_max = 64 * 1024 * 1024;
  /// Orders to the log under way; while as many are, proposals gather at the driver.
  std::size_t log_inflight = 2;
  /// Bytes in one Deliver.
  std::size_t deliver_bytes_max = 4 * 1024 * 1024;
  /// Bytes delivered and not yet applied. So much is delivered in one turn of the member's thread
  /// at most, but for one message, while there is more.
  std::size_t apply_bytes_max = 8 * 1024 * 1024;
  /// Reads waiting for confirmation.
  std::size_t reads_max = 65536;
  /// A member's own multicasts that it has not delivered yet. Those of one turn, up to 512, are
  /// taken or refused together.
  std::size_t multicasts_max = 4096;
  std::size_t multicast_bytes_max = 8 * 1024 * 1024;
  /// Learners that are being brought up to date at a time.
  std::size_t joining_max = 4;
  /// Rounds of catching up before a joiner is told to try later.
  std::size_t join_rounds_max = 10;
  /// Proposals forwarded to the leader and not answered.
  std::size_t forwards_max = 1024;
  /// Whether a command that is proposed where no leader is goes on to the leader. If not it is
  /// refused with not_leader, and certainly not ordered: so what a member reads late, after it has
  /// stood still while others elected a leader, is not carried out late.
  bool forwards_commands = true;

  /// The newest entries that the log keeps, at least so many and at least so many bytes of them: a
  /// member that was away for a short while is sent these instead of a snapshot. The bytes alone
  /// say how large a log gets; so many entries may be any size.
  std::size_t retain_entries = 0;
  std::size_t retain_bytes = 128 * 1024 * 1024;
  /// Places to which the log can be trimmed lie at least so many bytes apart, and so does in time
  /// one trimming from the next; with Durability::memory there is no gap in time.
  std::size_t trim_step_bytes = 1024 * 1024;
  model::Duration trim_gap = std::chrono::milliseconds{1000};
  /// A member that fetches a snapshot holds the leader's log for at most so long without progress;
  /// one that is behind, while it is heard. Neither holds more than so many bytes.
  model::Duration pin_time = std::chrono::minutes{10};
  std::size_t pin_bytes = std::size_t{4} * 1024 * 1024 * 1024;

  /// Members compare their states at each index that is a multiple of this, besides others.
  std::uint64_t sample_interval = 4096;
  /// Samples of its own state that a member remembers, of both kinds.
  std::size_t samples_max = 128;

  /// No view has fewer voters by eviction; odd.
  std::uint8_t floor = 3;
  std::uint8_t voters_max = 9;
  /// Proposals are refused while fewer voters are up.
  std::uint8_t up_for_writes_min = 1;
};

/// Checks what must hold between the timers, heartbeat · 4 ≤ election_min ≤ suspect / 2, suspect <
/// evict_after, up_hysteresis ≤ up_hysteresis_max, and that no limit is zero or too large for a
/// view. Error: invalid_argument, naming the setting.
[[nodiscard]] model::Result<void> validate(const Config& config);

}  // namespace gms::core
