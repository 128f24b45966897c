#include "gms/core/config.hpp"

#include <array>
#include <string>
#include <utility>

#include "gms/model/view.hpp"

namespace gms::core {
namespace {

using model::Duration;
using model::Error;
using model::ErrorCode;

template <class T>
using Named = std::pair<const char*, T>;

Error refused(const std::string& what) {
  return {ErrorCode::invalid_argument, what};
}

constexpr Duration kDurationMax = std::chrono::hours(365 * 24);

model::Result<void> check_duration(const char* name, Duration value) {
  if (value <= Duration::zero()) return refused(std::string(name) + " must be more than 0");
  // They are added to clocks.
  if (value > kDurationMax) return refused(std::string(name) + " must be at most a year");
  return {};
}

model::Result<void> check_durations(const Config& c) {
  const std::array<Named<Duration>, 22> durations{{
      {"tick", c.tick},
      {"heartbeat", c.heartbeat},
      {"election_min", c.election_min},
      {"stall", c.stall},
      {"suspect", c.suspect},
      {"policy", c.policy},
      {"up_hysteresis", c.up_hysteresis},
      {"up_hysteresis_max", c.up_hysteresis_max},
      {"evict_after", c.evict_after},
      {"evict_min_gap", c.evict_min_gap},
      {"maintenance_max", c.maintenance_max},
      {"epoch_bump_gap", c.epoch_bump_gap},
      {"stagger", c.stagger},
      {"crash_confirm", c.crash_confirm},
      {"transfer_deadline", c.transfer_deadline},
      {"admin_deadline", c.admin_deadline},
      {"multicast_resend", c.multicast_resend},
      {"join_retry", c.join_retry},
      {"join_retry_max", c.join_retry_max},
      {"join_stuck", c.join_stuck},
      {"disk_stall", c.disk_stall},
      {"pin_time", c.pin_time},
  }};
  for (const auto& [name, value] : durations)
    if (auto checked = check_duration(name, value); !checked) return checked;
  // Without a gap the log is trimmed whenever it can be.
  if (c.trim_gap == Duration::zero()) return {};
  return check_duration("trim_gap", c.trim_gap);
}

model::Result<void> check_limits(const Config& c) {
  const std::array<Named<std::size_t>, 20> limits{{
      {"append_bytes_max", c.append_bytes_max},
      {"inflight_max", c.inflight_max},
      {"inflight_bytes_max", c.inflight_bytes_max},
      {"lag_bytes", c.lag_bytes},
      {"uncommitted_bytes_max", c.uncommitted_bytes_max},
      {"tail_bytes_max", c.tail_bytes_max},
      {"log_inflight", c.log_inflight},
      {"deliver_bytes_max", c.deliver_bytes_max},
      {"apply_bytes_max", c.apply_bytes_max},
      {"reads_max", c.reads_max},
      {"multicasts_max", c.multicasts_max},
      {"multicast_bytes_max", c.multicast_bytes_max},
      {"joining_max", c.joining_max},
      {"join_rounds_max", c.join_rounds_max},
      {"forwards_max", c.forwards_max},
      {"pin_bytes", c.pin_bytes},
      {"sample_interval", c.sample_interval},
      {"samples_max", c.samples_max},
      {"floor", c.floor},
      {"voters_max", c.voters_max},
  }};
  for (const auto& [name, value] : limits)
    if (value == 0) return refused(std::string(name) + " must be more than 0");
  return {};
}

}  // namespace

model::Result<void> validate(const Config& config) {
  if (auto checked = check_durations(config); !checked) return checked;
  if (auto checked = check_limits(config); !checked) return checked;
  // Each gap between two ticks would be one.
  if (config.stall < config.tick * 2) return refused("stall must be at least twice tick");
  if (config.heartbeat * 4 > config.election_min)
    return refused("election_min must be at least 4 times heartbeat");
  if (config.election_min * 2 > config.suspect)
    return refused("suspect must be at least twice election_min");
  if (config.voters_max > model::kViewMembersMax)
    return refused("voters_max must be at most " + std::to_string(model::kViewMembersMax));
  if (config.join_retry_max < config.join_retry)
    return refused("join_retry_max must be at least join_retry");
  if (config.evict_after <= config.suspect) return refused("evict_after must be more than suspect");
  if (config.up_hysteresis_max < config.up_hysteresis)
    return refused("up_hysteresis_max must be at least up_hysteresis");
  if (config.floor % 2 == 0) return refused("floor must be odd");
  // A dead voter at the floor is replaced, not evicted: for a moment there is one more.
  if (config.voters_max <= config.floor) return refused("voters_max must be more than floor");
  // Never would enough be up.
  if (config.up_for_writes_min > config.voters_max)
    return refused("up_for_writes_min must be at most voters_max");
  return {};
}

}  // namespace gms::core
