#include "tests/simulation/cluster.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "tests/simulation/disk_backend.hpp"
#include "tests/simulation/key_value_machine.hpp"
#include "tests/simulation/memory_backend.hpp"
#include "tests/simulation/register_machine.hpp"

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

constexpr std::uint64_t kEventsBetweenImages = 1000;
constexpr VirtualTime kHealthyDelay = 300us;
constexpr double kHealthySigma = 0.3;

MemberId member_id(Machine machine, Random& random) {
  return {NodeId(machine + 1), Incarnation(random.next() | 1)};
}

Member describe_member(Machine machine, const MemberId& id) {
  const std::string name = "m" + std::to_string(machine + 1);
  return {id, name, name + ":1", ""};
}

/// The view that a founder founds its group with.
View founding_view(const Member& founder, const core::Config& config) {
  View out;
  out.seq = ViewSeq(1);
  out.members = {founder};
  out.up = {founder.id};
  out.floor = config.floor;
  out.voters_max = config.voters_max;
  out.cause = ViewCause::bootstrap;
  out.subject = founder.id;
  return out;
}

std::unique_ptr<StateMachine> make_application(ApplicationKind kind) {
  if (kind == ApplicationKind::key_value) return std::make_unique<KeyValueMachine>();
  return std::make_unique<RegisterMachine>();
}

std::unique_ptr<LogBackend> make_backend(bool files, const gms::log::NewMember& member) {
  if (files) return std::make_unique<DiskBackend>(member);
  return std::make_unique<MemoryBackend>(gms::log::first_state(member));
}

}  // namespace

Cluster::Cluster(const Options& options, Statistics& statistics)
    : options_(options),
      statistics_(statistics),
      world_(statistics),
      checks_(world_),
      network_random_(options.seed, Concern::network),
      disk_random_(options.seed, Concern::disk),
      process_random_(options.seed, Concern::process),
      network_(options.network, network_random_),
      machines_(options.machines) {
  behave(Behaviour::smooth);
  for (Machine machine = 0; machine < options.machines; ++machine)
    make_machine(machine, process_random_);
}

Cluster::~Cluster() = default;

void Cluster::make_machine(Machine machine, Random& random) {
  MachineState& state = machines_[machine];
  state.settings.config = options_.config;
  for (Machine other = 0; other < options_.machines; ++other)
    if (other != machine)
      state.settings.join_addresses.push_back("m" + std::to_string(other + 1) + ":1");
  make_member(machine, random);
  if (options_.clock_drift != 0)
    state.drift =
        static_cast<std::int64_t>(random.below(2 * options_.clock_drift)) - options_.clock_drift;
  // The founder is there first; the others come one after another.
  plan(EventKind::restart, machine == 0 ? 0us : random.duration<VirtualTime>(1ms, 300ms), machine);
  plan(EventKind::flush, random.duration<VirtualTime>(1ms, options_.flush_every), machine);
}

void Cluster::make_member(Machine machine, Random& random) {
  MachineState& state = machines_[machine];
  const MemberId id = member_id(machine, random);
  state.settings.self = describe_member(machine, id);
  gms::log::NewMember made{
      {{}, id, state.settings.self.name}, {}, gms::log::LogSalt(random.next())};
  if (world_.members().empty()) {
    made.identity.group = {random.next(), random.next()};
    made.founding_view = founding_view(state.settings.self, options_.config);
  }
  const RestoredState first = gms::log::first_state(made);
  state.shadow = &world_.add_member(id, machine);
  state.shadow->disk_hard_state = first.hard_state;
  for (const EntryRun& run : first.log.tail) state.shadow->disk.apply(run);
  state.log = std::make_unique<LogDevice>(make_backend(options_.disk.files, made));
  state.application = make_application(options_.application);
}

Instant Cluster::clock(Machine machine) const {
  const std::int64_t rate = 1'000'000 + machines_[machine].drift;
  return Instant(1h + Duration(now_.count() * rate / 1'000'000'000));
}

void Cluster::plan_tick(Machine machine) {
  MachineState& state = machines_[machine];
  const std::int64_t rate = 1'000'000 + state.drift;
  const Instant deadline = state.process->engine().next_deadline();
  const std::int64_t wanted = (deadline.time_since_epoch() - Duration(1h)).count();
  VirtualTime at = now_;
  if (wanted > 0 && deadline > clock(machine)) {
    // Ticks come at the pace of the driver's ticker.
    const VirtualTime pace = options_.config.tick;
    at = VirtualTime(wanted < std::numeric_limits<std::int64_t>::max() / 2'000'000'000
                         ? (wanted * 1'000'000'000 + rate - 1) / rate
                         : std::numeric_limits<std::int64_t>::max() / 2);
    at = (at + pace - 1us) / pace * pace;
  }
  at = std::max(at, now_ + 1us);
  if (state.tick_at > now_ && state.tick_at <= at) return;
  state.tick_at = at;
  plan(EventKind::tick, at, machine, 0, state.life);
}

std::optional<Machine> Cluster::machine_of(const MemberId& member) const {
  const std::uint64_t node = member.node.value();
  if (node == 0 || node > machines_.size()) return std::nullopt;
  const auto machine = static_cast<Machine>(node - 1);
  if (machines_[machine].settings.self.id != member) return std::nullopt;
  return machine;
}

std::optional<Machine> Cluster::leader() const {
  std::optional<Machine> out;
  Epoch newest;
  for (const ShadowMember& member : world_.members()) {
    if (!member.running || member.role != core::RoleName::leader || member.led < newest) continue;
    newest = member.led;
    out = member.machine;
  }
  return out;
}

void Cluster::behave(Behaviour behaviour) {
  NetworkOptions network = options_.network;
  disk_ = options_.disk;
  apply_delay_ = options_.apply_delay;
  crash_between_effects_ = options_.faults.crash_between_effects;
  if (behaviour != Behaviour::faulty) {
    network.loss = network.duplication = network.graveyard = 0;
    disk_.sync_failure = disk_.stall = crash_between_effects_ = 0;
  }
  if (behaviour == Behaviour::healthy) {
    network.delay_median = std::min(network.delay_median, kHealthyDelay);
    network.delay_sigma = kHealthySigma;
    disk_.sync_median = std::min(disk_.sync_median, kHealthyDelay);
    apply_delay_ = std::min(apply_delay_, kHealthyDelay);
    disk_.sync_sigma = kHealthySigma;
    network_.unclog();
  }
  network_.behave(network);
}

void Cluster::count_event() {
  ++statistics_.events;
  if (statistics_.events - images_checked_at_ >= kEventsBetweenImages || checks_.take_images_due())
    check_images();
}

void Cluster::check_images() {
  images_checked_at_ = statistics_.events;
  checks_.power_loss();
  for (MachineState& state : machines_) {
    if (!state.process) continue;
    const auto found = state.log->backend().imagine_power_loss(disk_random_);
    if (found)
      checks_.image(*state.shadow, *found);
    else
      world_.violate("I11", name_of(*state.shadow) +
                                " could not start after a loss of power: " + found.error().detail);
  }
}

std::optional<Event> Cluster::next() {
  const Event event = events_.pop();
  now_ = std::max(now_, event.at);
  trace_hash_ = mix(trace_hash_, static_cast<std::uint64_t>(event.at.count()) * 64 +
                                     static_cast<std::uint64_t>(event.kind));
  trace_hash_ = mix(trace_hash_, event.machine + (std::uint64_t{event.argument} << 32));
  if (carry_out(event)) return std::nullopt;
  return event;
}

void Cluster::print(const Process& process, const core::Effects& effects) const {
  const auto say = [&](std::string_view name, const std::string& text) {
    std::printf("%10.3f ms m%u %.*s %s\n", static_cast<double>(now_.count()) / 1000.0,
                process.machine() + 1, static_cast<int>(name.size()), name.data(), text.c_str());
  };
  for (const core::Effect& effect : effects) {
    if (const auto* const trace = std::get_if<core::Trace>(&effect))
      say(core::name_of(trace->event), core::describe(trace->event));
    if (const auto* const send = std::get_if<core::Send>(&effect))
      say(core::name_of(send->message.body), "to m" +
                                                 std::to_string(send->message.to.node.value()) +
                                                 " after " + std::to_string(send->after.value()));
    if (const auto* const completed = std::get_if<core::Completed>(&effect))
      say("completed", completed->error ? completed->error->detail : "done");
    if (const auto* const read = std::get_if<core::ReadEntries>(&effect))
      say("read_entries", "from " + std::to_string(read->request.first.value()) + " for m" +
                              std::to_string(read->request.reader.node.value()));
    if (const auto* const deliver = std::get_if<core::Deliver>(&effect))
      say("deliver", "up to " + std::to_string(deliver->batch.last.value()));
    if (const auto* const install = std::get_if<core::InstallView>(&effect))
      say("install_view", "at " + gms::model::to_string(install->view.position));
    if (const auto* const ready = std::get_if<core::ReadReady>(&effect))
      say("read_ready", "at " + std::to_string(ready->index.value()));
    if (const auto* const snapshot = std::get_if<core::InstallSnapshot>(&effect))
      say("install_snapshot", "at " + gms::model::to_string(snapshot->meta.mark.head.position));
    if (const auto* const fatal = std::get_if<core::Fatal>(&effect))
      say("fatal", fatal->error.detail);
  }
}

bool Cluster::is_stale(const Event& event) const {
  const MachineState& state = machines_[event.machine];
  return !state.process || state.life != event.guard;
}

bool Cluster::carry_out(const Event& event) {
  switch (event.kind) {
    case EventKind::message:
    case EventKind::graveyard: deliver(event); return true;
    case EventKind::restart: restart(event.machine); return true;
    case EventKind::link_up: link_up(event); return true;
    case EventKind::flush:
      flush(event.machine);
      plan(EventKind::flush, now_ + process_random_.exponential(options_.flush_every),
           event.machine);
      return true;
    case EventKind::tick:
    case EventKind::log_done:
    case EventKind::log_read:
    case EventKind::apply:
    case EventKind::state_taken:
    case EventKind::fetch_step:
    case EventKind::state_gone:
    case EventKind::link_down:
    case EventKind::peer_down: break;
    default: return false;
  }
  if (is_stale(event)) return true;
  if (is_paused(event.machine)) {
    plan(event.kind, machines_[event.machine].paused_until, event.machine, event.argument,
         event.guard);
    return true;
  }
  switch (event.kind) {
    case EventKind::tick: tick(event); break;
    case EventKind::log_done: sync_done(event.machine); break;
    case EventKind::log_read: answer_reads(event.machine); break;
    case EventKind::apply: apply(event.machine); break;
    case EventKind::state_taken: tell_state_taken(event.machine); break;
    case EventKind::fetch_step: fetch_step(event); break;
    case EventKind::state_gone: state_gone(event.machine); break;
    case EventKind::link_down: link_down(event); break;
    default: peer_down(event); break;
  }
  settle(event.machine);
  return true;
}

void Cluster::settle(Machine machine) {
  MachineState& state = machines_[machine];
  if (!state.process) return;
  if (state.process->has_died()) {
    if (const auto& fatal = state.process->fatal()) {
      // No fault that is simulated here justifies it.
      world_.violate("fatal", name_of(*state.shadow) + " stops itself: " + fatal->detail);
      checks_.stops(*state.shadow);
    } else {
      statistics_.count(FaultClass::crash_between_effects);
    }
    crash(machine, process_random_.chance(500'000) ? CrashKind::process : CrashKind::power);
    return;
  }
  check_status(machine);
  if (state.log->wants_sync()) begin_sync(machine);
  if (state.process) plan_tick(machine);
}

void Cluster::check_status(Machine machine) {
  MachineState& state = machines_[machine];
  checks_.status(*state.shadow, state.process->engine().status(), state.settings.config);
}

void Cluster::tick(const Event& event) {
  MachineState& state = machines_[event.machine];
  if (state.tick_at != event.at && state.tick_at > now_) return;
  state.tick_at = VirtualTime(-1);
  if (clock(event.machine) < state.process->engine().next_deadline()) return;
  count_event();
  state.process->step(clock(event.machine), core::Tick{});
}

void Cluster::apply(Machine machine) {
  MachineState& state = machines_[machine];
  count_event();
  // An application that is behind takes all that waits for it at once.
  for (std::size_t waiting = state.process->deliveries(); waiting > 0; --waiting)
    state.process->apply_next(clock(machine));
  state.apply_planned = false;
  if (state.process->deliveries() != 0) deliveries_wait(*state.process);
}

void Cluster::deliveries_wait(Process& process) {
  MachineState& state = machines_[process.machine()];
  if (state.apply_planned) return;
  state.apply_planned = true;
  plan(EventKind::apply, now_ + process_random_.exponential(apply_delay_) + 1us, process.machine(),
       0, state.life);
}

void Cluster::executed(Process& process, const std::vector<Execution>& executions) {
  MachineState& state = machines_[process.machine()];
  // What comes of a state that was flipped is wrong until that is found; nobody is to hear it here.
  if (state.application->flipped()) return drop_answers(process, executions);
  checks_.executes(*state.shadow, executions);
  for (const Execution& execution : executions) {
    if (execution.ticket == Ticket() || listener_ == nullptr) continue;
    listener_->executed(process, process.request_of(execution.ticket), execution);
  }
}

void Cluster::drop_answers(Process& process, const std::vector<Execution>& executions) {
  for (const Execution& execution : executions) {
    if (execution.ticket == Ticket()) continue;
    const Error lost{ErrorCode::outcome_unknown, "of a state that was flipped"};
    completed(process, {execution.ticket, 1, lost, {}});
  }
}

void Cluster::read_ready(Process& process, const core::ReadReady& ready) {
  if (machines_[process.machine()].application->flipped()) {
    const Error lost{ErrorCode::unavailable, "of a state that was flipped"};
    return completed(process, {ready.ticket, 1, lost, {}});
  }
  listener_->readable(process, process.request_of(ready.ticket), ready.index);
}

void Cluster::completed(Process& process, const core::Completed& completed) {
  if (listener_ == nullptr) return;
  for (std::uint64_t i = 0; i < completed.count; ++i)
    listener_->completed(process, process.request_of(completed.first + i), completed);
}

void Cluster::observe(Process& process, const core::Effects& effects) {
  if (prints_) print(process, effects);
  trace_hash_ = mix(trace_hash_, effects.size());
  for (const core::Effect& effect : effects)
    if (const auto* const send = std::get_if<core::Send>(&effect))
      trace_hash_ = mix(trace_hash_, send->message.epoch.value() * 32 + send->message.body.index());
  checks_.observes(*machines_[process.machine()].shadow, effects, clock(process.machine()));
}

bool Cluster::dies_between_effects(Process&) {
  return crash_between_effects_ != 0 && process_random_.chance(crash_between_effects_);
}

}  // namespace tests::simulation
