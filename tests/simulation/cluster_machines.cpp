#include <algorithm>
#include <utility>

#include "tests/simulation/cluster.hpp"

// Machines and their disks: starting, stopping, syncing.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

constexpr VirtualTime kSyncMin = 10us;
constexpr VirtualTime kSyncMax = 1s;
constexpr VirtualTime kLogReadMax = 2ms;

}  // namespace

VirtualTime Cluster::sync_time(Machine machine) {
  VirtualTime out =
      std::clamp(disk_random_.log_normal(disk_.sync_median, disk_.sync_sigma), kSyncMin, kSyncMax);
  if (disk_random_.chance(disk_.stall)) {
    statistics_.count(FaultClass::disk_stall);
    out += disk_random_.duration<VirtualTime>(500ms, 2500ms);
  }
  return std::max(machines_[machine].disk_slow_until, now_) - now_ + out;
}

void Cluster::begin_sync(Machine machine) {
  MachineState& state = machines_[machine];
  if (disk_random_.chance(disk_.sync_failure)) state.log->backend().fail_next_sync();
  if (!state.log->begin_sync()) {
    crash(machine, CrashKind::process);
    return;
  }
  plan(EventKind::log_done, now_ + sync_time(machine), machine, 0, state.life);
}

void Cluster::sync_done(Machine machine) {
  MachineState& state = machines_[machine];
  count_event();
  const auto seq = state.log->finish_sync();
  if (!seq) {
    // The process has to stop; what the pages held is not to be trusted [C12].
    statistics_.count(FaultClass::sync_failure);
    checks_.stops(*state.shadow);
    crash(machine, CrashKind::process);
    return;
  }
  checks_.durable(*state.shadow, *seq);
  state.process->durable(clock(machine), *seq);
  if (state.log->has_reads()) answer_reads(machine);
}

void Cluster::persist(Process& process, PersistRequest request) {
  MachineState& state = machines_[process.machine()];
  if (request.trim_to) {
    const auto mark = state.application->durable_mark();
    if (!mark || decode_mark(*mark)->head.position.index < request.trim_to->head.position.index)
      world_.violate("C14", name_of(*state.shadow) + " trims its log to what a crash would lose");
  }
  state.log->persist(std::move(request));
}

void Cluster::read_log(Process& process, const ReadRequest& request) {
  machines_[process.machine()].log->read(request);
  statistics_.count(Sometimes::entries_read_from_the_log);
  plan(EventKind::log_read, now_ + disk_random_.duration<VirtualTime>(10us, kLogReadMax),
       process.machine(), 0, machines_[process.machine()].life);
}

void Cluster::answer_reads(Machine machine) {
  MachineState& state = machines_[machine];
  for (ReadAnswer& answer : state.log->answers()) {
    count_event();
    if (state.process->has_died()) return;
    state.process->step(clock(machine), core::EntriesRead{std::move(answer)});
  }
}

void Cluster::crash(Machine machine, CrashKind kind) {
  MachineState& state = machines_[machine];
  if (!state.process) return;
  if (kind == CrashKind::power)
    state.log->power_fails(disk_random_);
  else
    state.log->process_dies(disk_random_);
  if (state.fetch.meta.id != SnapshotId()) statistics_.count(Sometimes::killed_while_fetching);
  state.process.reset();
  state.taking = {};
  state.shelf.clear();
  state.fetch = {};
  state.shadow->running = false;
  state.shadow->role = core::RoleName::joiner;
  state.paused_until = VirtualTime{};
  state.tick_at = VirtualTime(-1);
  state.apply_planned = false;
  state.link_planned.reset();
  state.dials.reset();
  state.known_dead = {};
  checks_.power_loss();
  for (Machine other = 0; other < size(); ++other) {
    if (other == machine || !network_.is_connected(machine, other)) continue;
    network_.sever(other, machine);
    if (process(other) != nullptr) {
      plan(EventKind::link_down, now_ + network_.delay(), other, machine, machines_[other].life);
    } else {
      network_.disconnect(machine, other);
    }
  }
  if (!state.stays_down)
    plan(EventKind::restart,
         now_ + process_random_.duration<VirtualTime>(1ms, options_.faults.down_max), machine);
}

void Cluster::restart(Machine machine) {
  MachineState& state = machines_[machine];
  if (state.process || state.stays_down) return;
  if (options_.change_config_on_restart) {
    const core::Config before =
        std::exchange(state.settings.config, random_config(process_random_));
    core::Config& config = state.settings.config;
    // The timers of elections and evictions, and the limits of views, are the group's.
    config.election_min = before.election_min;
    config.heartbeat = before.heartbeat;
    config.suspect = before.suspect;
    config.evict_after = before.evict_after;
    config.evict_min_gap = before.evict_min_gap;
    config.evict_mode = before.evict_mode;
    config.up_hysteresis = before.up_hysteresis;
    config.up_hysteresis_max = before.up_hysteresis_max;
    config.epoch_bump_gap = before.epoch_bump_gap;
    config.floor = before.floor;
    config.retain_entries = before.retain_entries;
    config.retain_bytes = before.retain_bytes;
    config.trim_step_bytes = before.trim_step_bytes;
    config.trim_gap = before.trim_gap;
    config.pin_time = before.pin_time;
    config.pin_bytes = before.pin_bytes;
    config.sample_interval = before.sample_interval;
    config.samples_max = before.samples_max;
  }
  const auto found = state.log->backend().recover(state.settings.config.tail_bytes_max);
  if (!found) {
    world_.violate("C13", name_of(*state.shadow) + " cannot start: " + found.error().detail);
    return;
  }
  state.application->open(found->state);
  std::optional<Mark> applied;
  if (const auto mark = state.application->mark()) applied = *decode_mark(*mark);
  checks_.starts(*state.shadow, *found, applied);
  if (world_.violation()) return;
  state.settings.seed = process_random_.next();
  ++state.life;
  state.process = std::make_unique<Process>(
      Process::Setup{machine,
                     state.settings,
                     {found->identity, found->boot, found->hard_state, found->log, found->state,
                      found->state_diverged, applied},
                     options_.apply_delay == 0us ? ApplyMode::at_once : ApplyMode::later},
      static_cast<ProcessHost&>(*this), *state.application, clock(machine));
  state.process->start(clock(machine));
  for (Machine other = 0; other < size(); ++other)
    if (other != machine)
      plan_link(other, machine, process_random_.duration<VirtualTime>(100us, 5ms));
  settle(machine);
}

void Cluster::replace(Machine machine) {
  crash(machine, CrashKind::process);
  make_member(machine, process_random_);
  for (MachineState& other : machines_) other.known_dead[machine] = BootSeq();
  plan(EventKind::restart, now_ + 1ms, machine);
}

void Cluster::heal(Machine machine) {
  MachineState& state = machines_[machine];
  state.paused_until = VirtualTime{};
  state.disk_slow_until = VirtualTime{};
  state.stays_down = false;
  if (!state.process) plan(EventKind::restart, now_ + 1ms, machine);
}

}  // namespace tests::simulation
