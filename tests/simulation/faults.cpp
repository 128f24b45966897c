#include "tests/simulation/faults.hpp"

#include <algorithm>
#include <variant>

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

/// The classes that strike from outside; the others come with messages, syncs and effects.
constexpr std::array<FaultClass, 19> kStriking{
    FaultClass::crash, FaultClass::crash_leader,  FaultClass::crash_loop, FaultClass::power_loss,
    FaultClass::pause, FaultClass::partition,     FaultClass::one_way,    FaultClass::clog,
    FaultClass::reset, FaultClass::drop_type,     FaultClass::disk_stall, FaultClass::disk_full,
    FaultClass::leave, FaultClass::transfer,      FaultClass::evict,      FaultClass::maintenance,
    FaultClass::wipe,  FaultClass::cut_candidate, FaultClass::flip};

constexpr std::uint64_t kCrashesInALoop = 5;
constexpr VirtualTime kForever = 24h;
/// Longer than it takes to be evicted in most seeds, and over before a run is.
constexpr Duration kMaintenanceMax = 8s;

/// Of states that become others, those that their members notice by themselves, in a million.
constexpr std::uint64_t kFindsDamage = 300'000;

/// What a partition looks like.
enum class Shape : std::uint8_t { isolate_one, halves, sizes, bridge, star };

}  // namespace

Faults::Faults(Cluster& cluster)
    : cluster_(cluster),
      random_(cluster.options().seed, Concern::faults),
      damage_random_(cluster.options().seed, Concern::damage) {}

void Faults::start() {
  for (const FaultClass fault : kStriking) plan_next(fault);
}

std::uint64_t Faults::rate(FaultClass fault) const {
  const FaultOptions& options = cluster_.options().faults;
  switch (fault) {
    case FaultClass::crash: return options.crash;
    case FaultClass::crash_leader: return options.crash_leader;
    case FaultClass::crash_loop: return options.crash_loop;
    case FaultClass::power_loss: return options.power_loss;
    case FaultClass::pause: return options.pause;
    case FaultClass::partition: return options.partition;
    case FaultClass::one_way: return options.one_way;
    case FaultClass::clog: return options.clog;
    case FaultClass::reset: return options.reset;
    case FaultClass::drop_type: return options.drop_type;
    case FaultClass::disk_stall: return options.disk_stall;
    case FaultClass::disk_full: return options.disk_full;
    case FaultClass::leave: return options.leave;
    case FaultClass::transfer: return options.transfer;
    case FaultClass::evict: return options.evict;
    case FaultClass::maintenance: return options.maintenance;
    case FaultClass::wipe: return options.wipe;
    case FaultClass::cut_candidate: return options.cut_candidate;
    case FaultClass::flip: return options.flip;
    default: return 0;
  }
}

void Faults::plan_next(FaultClass fault) {
  if (rate(fault) == 0) return;
  const VirtualTime mean = VirtualTime(60s) / static_cast<std::int64_t>(rate(fault));
  cluster_.plan(EventKind::fault, cluster_.now() + random_.exponential(mean), 0,
                static_cast<std::uint32_t>(fault));
}

bool Faults::carry_out(const Event& event) {
  if (event.kind == EventKind::fault) {
    if (stopped_) return true;
    const auto fault = static_cast<FaultClass>(event.argument);
    strike(fault);
    // Guarded: one stroke of a loop, which goes on by itself.
    if (event.guard == 0) plan_next(fault);
    return true;
  }
  if (event.kind != EventKind::fault_over) return false;
  end(lasting_[event.argument]);
  return true;
}

Machine Faults::draw_machine() {
  return static_cast<Machine>(random_.below(cluster_.size()));
}

gms::model::StorageHealth Faults::draw_lack_of_room() {
  switch (random_.below(3)) {
    case 0: return {.disk_full = true};
    case 1: return {.disk_full = true, .reserve_left = true};
    default: return {.disk_low = true};
  }
}

VirtualTime Faults::draw_duration() {
  return random_.duration<VirtualTime>(1ms, cluster_.options().faults.fault_max);
}

void Faults::strike(FaultClass fault) {
  Machine victim = draw_machine();
  if (fault == FaultClass::crash_leader) {
    const auto leader = cluster_.leader();
    if (!leader) return;
    victim = *leader;
  }
  cluster_.statistics().count(fault);
  switch (fault) {
    case FaultClass::partition:
    case FaultClass::one_way:
    case FaultClass::clog:
    case FaultClass::reset:
    case FaultClass::drop_type: strike_link(fault, victim); break;
    case FaultClass::leave:
      ask(core::AdminAction::leave);
      // Whoever sees members off brings new ones.
      cluster_.plan(EventKind::fault, cluster_.now() + draw_duration(), 0,
                    static_cast<std::uint32_t>(FaultClass::replace), 1);
      break;
    case FaultClass::replace: replace(victim); break;
    case FaultClass::transfer: ask(core::AdminAction::transfer); break;
    case FaultClass::evict: ask(core::AdminAction::evict); break;
    case FaultClass::maintenance: ask(core::AdminAction::maintenance); break;
    case FaultClass::wipe: wipe(victim); break;
    case FaultClass::cut_candidate: waits_for_candidate_ = true; break;
    case FaultClass::flip: flip(victim); break;
    default: strike_process(fault, victim); break;
  }
}

void Faults::strike_process(FaultClass fault, Machine victim) {
  MachineState& state = cluster_.machine(victim);
  const CrashKind kind = random_.chance(500'000) ? CrashKind::process : CrashKind::power;
  switch (fault) {
    case FaultClass::crash_loop:
      for (std::uint64_t i = 1; i < kCrashesInALoop; ++i)
        cluster_.plan(EventKind::fault, cluster_.now() + i * cluster_.options().faults.down_max, 0,
                      static_cast<std::uint32_t>(FaultClass::crash), 1);
      [[fallthrough]];
    case FaultClass::crash:
    case FaultClass::crash_leader: cluster_.crash(victim, kind); break;
    case FaultClass::power_loss:
      for (Machine machine = 0; machine < cluster_.size(); ++machine)
        cluster_.crash(machine, CrashKind::power);
      break;
    case FaultClass::pause:
      if (state.process) state.paused_until = cluster_.now() + draw_duration();
      break;
    case FaultClass::disk_stall: state.disk_slow_until = cluster_.now() + draw_duration(); break;
    case FaultClass::disk_full:
      if (!state.process || cluster_.is_paused(victim)) break;
      state.process->step(cluster_.clock(victim), core::LocalHealth{draw_lack_of_room()});
      last({fault, victim, {}, false}, draw_duration());
      cluster_.settle(victim);
      break;
    default: break;
  }
}

void Faults::strike_link(FaultClass fault, Machine victim) {
  Machine other = draw_machine();
  if (other == victim) other = (other + 1) % cluster_.size();
  switch (fault) {
    case FaultClass::partition:
      last({fault, victim, draw_partition(), false}, draw_duration());
      break;
    case FaultClass::one_way:
      if (other != victim) last({fault, victim, {{victim, other}}, false}, draw_duration());
      break;
    case FaultClass::clog:
      cluster_.network().clog(victim, other, cluster_.now() + draw_duration());
      break;
    case FaultClass::reset: cluster_.reset_links(victim); break;
    default:
      cluster_.network().drop_type(victim, random_.below(std::variant_size_v<core::MessageBody>));
      last({fault, victim, {}, false}, draw_duration());
      break;
  }
}

std::vector<Faults::Path> Faults::all_paths_of(Machine machine) const {
  std::vector<Path> out;
  for (Machine other = 0; other < cluster_.size(); ++other) {
    if (other == machine) continue;
    out.push_back({machine, other});
    out.push_back({other, machine});
  }
  return out;
}

void Faults::watch() {
  if (!waits_for_candidate_ || stopped_) return;
  for (const ShadowMember& member : cluster_.world().members()) {
    const bool campaigns = member.running && member.role == core::RoleName::candidate &&
                           member.disk_hard_state.epoch == member.memory_hard_state.epoch;
    if (!campaigns) continue;
    waits_for_candidate_ = false;
    const core::Config& config = cluster_.options().config;
    return last({FaultClass::cut_candidate, member.machine, all_paths_of(member.machine), false},
                VirtualTime(config.evict_after + 3 * config.suspect));
  }
}

std::vector<Faults::Path> Faults::draw_partition() {
  const std::uint32_t size = cluster_.size();
  const auto shape = static_cast<Shape>(random_.below(5));
  std::vector<Machine> order(size);
  for (Machine machine = 0; machine < size; ++machine) order[machine] = machine;
  for (std::size_t i = size; i > 1; --i) std::swap(order[i - 1], order[random_.below(i)]);
  std::size_t cut = 1;
  if (shape == Shape::halves) cut = size / 2;
  if (shape == Shape::sizes && size > 1) cut = random_.between(1, size - 1);
  const auto together = [&](std::size_t a, std::size_t b) {
    switch (shape) {
      // The first is the middle of a chain, or of a star: everybody reaches it.
      case Shape::bridge: return a == 0 || b == 0 || (a % 2) == (b % 2);
      case Shape::star: return a == 0 || b == 0;
      default: return (a < cut) == (b < cut);
    }
  };
  const bool symmetric = random_.chance(700'000);
  std::vector<Path> out;
  for (std::size_t a = 0; a < size; ++a)
    for (std::size_t b = 0; b < size; ++b)
      if (a != b && !together(a, b) && (symmetric || a < b)) out.push_back({order[a], order[b]});
  return out;
}

void Faults::last(Lasting lasting, VirtualTime duration) {
  for (const auto& [from, to] : lasting.blocked) cluster_.network().block(from, to);
  cluster_.plan(EventKind::fault_over, cluster_.now() + duration, 0,
                static_cast<std::uint32_t>(lasting_.size()));
  lasting_.push_back(std::move(lasting));
}

void Faults::end(Lasting& lasting) {
  if (lasting.over) return;
  lasting.over = true;
  for (const auto& [from, to] : lasting.blocked) cluster_.network().unblock(from, to);
  if (lasting.fault == FaultClass::drop_type) cluster_.network().stop_dropping(lasting.machine);
  if (lasting.fault != FaultClass::disk_full) return;
  Process* const process = cluster_.process(lasting.machine);
  if (process == nullptr) return;
  process->step(cluster_.clock(lasting.machine), core::LocalHealth{{false}});
  cluster_.settle(lasting.machine);
}

void Faults::ask(core::AdminAction action) {
  const Machine asked = draw_machine();
  const Machine subject = draw_machine();
  Process* const process = cluster_.process(asked);
  if (process == nullptr || cluster_.is_paused(asked)) return;
  const gms::model::MemberId member = cluster_.machine(subject).settings.self.id;
  const bool removes = action == core::AdminAction::leave || action == core::AdminAction::evict;
  if (removes && !leaves_quorum(member)) return;
  if (action == core::AdminAction::leave) asked_to_leave_.insert(member);
  if (action == core::AdminAction::evict) asked_to_evict_.insert(member);
  core::AdminRequest request{action, member, {}};
  // Some maintenances are ended before their time.
  if (action == core::AdminAction::maintenance && random_.chance(700'000))
    request.ttl = random_.duration<Duration>(1ms, kMaintenanceMax);
  process->admin(cluster_.clock(asked), request, 0);
  cluster_.settle(asked);
}

bool Faults::is_lost(const MemberId& id) const {
  const ShadowMember* const member = cluster_.world().find(id);
  return cluster_.machine(member->machine).settings.self.id != id;
}

bool Faults::leaves_quorum(const MemberId& removed) const {
  const PlacedView* const committed = cluster_.world().committed_view();
  if (committed == nullptr || !committed->view.has_voter(removed)) return true;
  const std::size_t rest = committed->view.members.size() - 1;
  const auto stay = std::ranges::count_if(committed->view.members, [&](const Member& voter) {
    return voter.id != removed && !is_lost(voter.id);
  });
  return static_cast<std::size_t>(stay) >= rest / 2 + 1;
}

void Faults::replace(Machine from) {
  for (Machine i = 0; i < cluster_.size(); ++i) {
    const Machine machine = (from + i) % cluster_.size();
    if (!cluster_.world().has_left(cluster_.machine(machine).settings.self.id)) continue;
    return cluster_.replace(machine);
  }
}

bool Faults::outlives_wipe(const View& view, Machine machine) const {
  std::size_t voters = 0;
  std::size_t lost = 0;
  // A member that was asked to leave, or is to be evicted, may be gone from the next view, which
  // whoever is wiped now may be needed for: its leader has heard of it just before.
  std::size_t staying = 0;
  std::size_t lost_of_staying = 0;
  for (const Member& voter : view.members) {
    const bool is_gone = cluster_.world().find(voter.id)->machine == machine || is_lost(voter.id);
    const bool stays = !asked_to_leave_.contains(voter.id) && !asked_to_evict_.contains(voter.id);
    voters += 1;
    lost += is_gone ? 1 : 0;
    staying += stays ? 1 : 0;
    lost_of_staying += stays && is_gone ? 1 : 0;
  }
  // One that is fed may be a voter with the next message, and is needed then.
  const ShadowMember& wiped = *cluster_.machine(machine).shadow;
  if (!view.has_voter(wiped.id) && wiped.memory.last() > Index()) {
    for (std::size_t* const count : {&voters, &lost, &staying, &lost_of_staying}) ++*count;
  }
  const auto has_quorum = [](std::size_t all, std::size_t gone) {
    return all == 0 || gone <= all - (all / 2 + 1);
  };
  return has_quorum(voters, lost) && has_quorum(staying, lost_of_staying);
}

void Faults::wipe(Machine machine) {
  const PlacedView* const committed = cluster_.world().committed_view();
  if (committed == nullptr) return;
  for (const ShadowMember& member : cluster_.world().members()) {
    for (const ShadowLog* const log : {&member.memory, &member.disk}) {
      for (const PlacedView& view : log->views()) {
        const bool is_old = view.position.index < committed->position.index;
        if (!is_old && !outlives_wipe(view.view, machine)) return;
      }
    }
  }
  cluster_.replace(machine);
}

bool Faults::has_what_others_trimmed(const View& view) const {
  Index trimmed;
  for (Machine machine = 0; machine < cluster_.size(); ++machine)
    if (const Process* const process = cluster_.process(machine))
      trimmed = std::max(trimmed, process->engine().status().base);
  return std::ranges::all_of(view.members, [&](const Member& member) {
    const ShadowMember* const shadow = cluster_.world().find(member.id);
    return std::min(shadow->memory.last(), shadow->disk.last()) >= trimmed;
  });
}

void Faults::flip(Machine machine) {
  const PlacedView* const committed = cluster_.world().committed_view();
  if (committed == nullptr || committed->view.members.size() < 3) return;
  for (Machine other = 0; other < cluster_.size(); ++other)
    if (cluster_.machine(other).application->may_be_flipped()) return;
  // Nor may a voter need a state: it has no opinion of those of others, and if two are left that
  // differ, nobody can say which of them it should be given.
  if (!has_what_others_trimmed(committed->view)) return;
  if (cluster_.process(machine) == nullptr || cluster_.is_paused(machine)) return;
  if (cluster_.process(machine)->deliveries() != 0) return;
  if (!cluster_.machine(machine).application->flip() || !damage_random_.chance(kFindsDamage))
    return;
  cluster_.process(machine)->step(cluster_.clock(machine), core::DamageFound());
  cluster_.settle(machine);
}

void Faults::stop() {
  stopped_ = true;
  for (Lasting& lasting : lasting_) end(lasting);
}

void Faults::make_permanent(const std::vector<Machine>& core) {
  for (Machine machine = 0; machine < cluster_.size(); ++machine) {
    if (std::find(core.begin(), core.end(), machine) != core.end()) continue;
    MachineState& state = cluster_.machine(machine);
    const std::uint64_t how = random_.below(4);
    if (how == 0) {
      state.stays_down = true;
      cluster_.crash(machine, CrashKind::process);
    } else if (how == 1 && state.process) {
      state.paused_until = cluster_.now() + kForever;
    }
    // Deaf, dumb or both.
    for (const Machine other : core) {
      if (how != 3) permanent_.push_back({other, machine});
      if (how != 2) permanent_.push_back({machine, other});
    }
  }
  for (const auto& [from, to] : permanent_) cluster_.network().block(from, to);
}

void Faults::fill_for_good(Machine machine) {
  const bool reserve = random_.chance(500'000);
  Process& process = *cluster_.process(machine);
  process.step(cluster_.clock(machine), core::LocalHealth{{true, reserve}});
  cluster_.settle(machine);
}

void Faults::forgive() {
  for (const auto& [from, to] : permanent_) cluster_.network().unblock(from, to);
  permanent_.clear();
}

}  // namespace tests::simulation
