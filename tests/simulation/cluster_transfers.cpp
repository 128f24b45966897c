#include <algorithm>
#include <utility>

#include "tests/simulation/cluster.hpp"

// States that are taken at one machine and brought to another.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

/// Every state counts as so many bytes, and is fetched in so many steps.
constexpr std::uint64_t kStateBytes = 100;
constexpr std::uint64_t kStepBytes = 25;
/// Steps without an answer of the source after which a fetch is given up.
constexpr unsigned kFailuresMax = 4;
constexpr VirtualTime kTakeMax = 50ms;
constexpr VirtualTime kKeptMax = 2s;
constexpr VirtualTime kStepMax = 60ms;
constexpr VirtualTime kHealthyStepMax = 2ms;
/// Of the states that a disk which fails syncs is asked for, per million.
constexpr std::uint64_t kTakeFailure = 200'000;

}  // namespace

void Cluster::state_taken(Process& process, SnapshotId id,
                          std::shared_ptr<const SavedState> state) {
  MachineState& machine = machines_[process.machine()];
  machine.taking = {id, std::move(state)};
  plan(EventKind::state_taken, now_ + disk_random_.duration<VirtualTime>(10us, kTakeMax),
       process.machine(), 0, machine.life);
}

void Cluster::tell_state_taken(Machine machine) {
  MachineState& state = machines_[machine];
  count_event();
  auto [id, saved] = std::exchange(state.taking, {});
  core::SnapshotTaken taken{id, {}, {}, kStateBytes};
  const auto mark = saved->mark();
  // A state that was flipped and not found is taken by nobody: of three members with two of its
  // kind the third would be the one that differs.
  const bool fails =
      (disk_.sync_failure != 0 && disk_random_.chance(kTakeFailure)) || saved->flipped();
  if (fails || !mark) {
    taken.error = Error{ErrorCode::busy, "no room for a state"};
  } else {
    taken.mark = *decode_mark(*mark);
    state.shelf.emplace_back(id, std::move(saved));
  }
  state.process->step(clock(machine), std::move(taken));
}

void Cluster::release_state(Process& process, SnapshotId) {
  // Who fetches it may go on for a while.
  plan(EventKind::state_gone, now_ + disk_random_.duration<VirtualTime>(0us, kKeptMax),
       process.machine(), 0, machines_[process.machine()].life);
}

void Cluster::fetch_state(Process& process, const SnapshotMeta& meta) {
  MachineState& state = machines_[process.machine()];
  state.fetch = {meta, 0, 0, nullptr, world_.members().size() + statistics_.elections};
  plan_fetch_step(process.machine());
}

void Cluster::plan_fetch_step(Machine machine) {
  const bool healthy = disk_.sync_failure == 0 && disk_.stall == 0 && apply_delay_ <= 300us;
  const VirtualTime most = healthy ? kHealthyStepMax : kStepMax;
  plan(EventKind::fetch_step, now_ + disk_random_.duration<VirtualTime>(10us, most), machine,
       ++machines_[machine].fetch_step, machines_[machine].life);
}

void Cluster::cancel_fetch(Process& process, SnapshotId id) {
  MachineState& state = machines_[process.machine()];
  if (state.fetch.meta.id != id) return;
  state.fetch = {};
  ++state.fetch_step;
}

std::shared_ptr<const SavedState> Cluster::take_staged(Process& process, SnapshotId) {
  return std::exchange(machines_[process.machine()].fetch, {}).staged;
}

void Cluster::quarantined(Process& process) {
  MachineState& state = machines_[process.machine()];
  checks_.quarantined(*state.shadow, state.application->flipped());
  state.shelf.clear();
}

void Cluster::restored(Process& process, const SnapshotMeta& meta) {
  const MachineState& state = machines_[process.machine()];
  checks_.state(*state.shadow, meta.index(), state.application->digest());
}

std::shared_ptr<const SavedState> Cluster::find_state(Machine machine, const SnapshotMeta& meta) {
  const auto source = machine_of(meta.source);
  if (!source || process(*source) == nullptr || is_paused(*source)) return nullptr;
  if (*source != machine && !network_.is_open_both_ways(machine, *source)) return nullptr;
  for (const auto& [id, state] : machines_[*source].shelf)
    if (id == meta.id) return state;
  return nullptr;
}

void Cluster::fetch_step(const Event& event) {
  MachineState& state = machines_[event.machine];
  if (event.argument != state.fetch_step) return;
  count_event();
  Fetching& fetch = state.fetch;
  const SnapshotId id = fetch.meta.id;
  const auto found = find_state(event.machine, fetch.meta);
  if (!found) {
    if (++fetch.failures < kFailuresMax) return plan_fetch_step(event.machine);
    fetch = {};
    const Error error{ErrorCode::unavailable, "the source does not answer"};
    return state.process->step(clock(event.machine), core::SnapshotFetchFailed{id, error});
  }
  fetch.bytes += kStepBytes;
  if (fetch.bytes < kStateBytes) {
    const std::uint64_t bytes = fetch.bytes;
    plan_fetch_step(event.machine);
    return state.process->step(clock(event.machine), core::SnapshotProgress{id, bytes});
  }
  fetch.staged = found;
  if (world_.members().size() + statistics_.elections > fetch.begun_at)
    statistics_.count(Sometimes::fetch_went_on_over_a_leader_change);
  state.process->step(clock(event.machine), core::SnapshotStaged{id});
}

void Cluster::state_gone(Machine machine) {
  MachineState& state = machines_[machine];
  if (!state.shelf.empty()) state.shelf.erase(state.shelf.begin());
}

void Cluster::flush(Machine machine) {
  MachineState& state = machines_[machine];
  state.application->flush();
  const auto mark = state.application->durable_mark();
  if (!state.process || is_paused(machine) || !mark) return;
  state.process->step(clock(machine), core::StateDurable{decode_mark(*mark)->head.position.index});
  settle(machine);
}

}  // namespace tests::simulation
