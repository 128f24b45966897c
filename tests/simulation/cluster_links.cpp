#include <algorithm>

#include "tests/simulation/cluster.hpp"

// Messages and connections between machines.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

constexpr VirtualTime kReconnectAfter = 20ms;

}  // namespace

void Cluster::post(Letter letter, const Fate& fate) {
  ++statistics_.messages;
  const Machine to = letter.to;
  if (!fate.arrives) statistics_.count(FaultClass::message_lost);
  if (fate.copy_arrives) {
    statistics_.count(FaultClass::message_doubled);
    plan(EventKind::message, *fate.copy_arrives, to, mailbag_.put(letter));
  }
  if (fate.returns_from_the_graveyard) {
    Letter old = letter;
    old.from_the_graveyard = true;
    plan(EventKind::graveyard, *fate.returns_from_the_graveyard, to, mailbag_.put(std::move(old)));
  }
  if (fate.arrives) plan(EventKind::message, *fate.arrives, to, mailbag_.put(std::move(letter)));
}

void Cluster::send(Process& process, core::Message message, PersistSeq after) {
  const Machine from = process.machine();
  checks_.released(*machines_[from].shadow, message, after);
  const auto to = machine_of(message.to);
  if (!to || !network_.is_connected(from, *to)) return;
  const Fate fate = network_.send(from, *to, message.body.index(), now_);
  post({std::move(message), from, *to, network_.connection(from, *to), false}, fate);
}

void Cluster::send_to_address(Process& process, const std::string& address, core::Message message) {
  const Machine from = process.machine();
  for (Machine to = 0; to < size(); ++to) {
    if (machines_[to].settings.self.peer_address != address) continue;
    machines_[from].dials.set(to);
    plan_link(from, to, 100us);
    const Fate fate = network_.send(from, to, message.body.index(), now_);
    // The request goes over a link of its own.
    post({std::move(message), from, to, 0, false}, fate);
    return;
  }
}

void Cluster::deliver(const Event& event) {
  MachineState& state = machines_[event.machine];
  if (state.process && is_paused(event.machine)) {
    plan(event.kind, state.paused_until, event.machine, event.argument);
    return;
  }
  Letter letter = mailbag_.take(event.argument);
  const bool over_the_link = letter.connection != 0 && !letter.from_the_graveyard;
  if (!state.process || !network_.is_open(letter.from, letter.to)) return;
  if (over_the_link && letter.connection != network_.connection(letter.from, letter.to)) return;
  // Nothing comes from a process after it was found dead.
  if (letter.message.from_boot <= state.known_dead[letter.from]) return;
  if (letter.from_the_graveyard) {
    statistics_.count(FaultClass::message_from_the_graveyard);
    if (letter.message.epoch < state.shadow->memory_hard_state.epoch) {
      statistics_.count(Sometimes::old_message_after_an_epoch);
      ++statistics_.old_messages[letter.message.body.index()];
    }
  }
  count_event();
  checks_.receives(*state.shadow, letter.message, clock(event.machine));
  if (std::holds_alternative<core::PreVote>(letter.message.body)) {
    // In any step a leader does what its operators asked for and what is due. Here it does so
    // before, so that it is not taken for the pre-vote's doing.
    if (state.process->engine().status().role == core::RoleName::leader &&
        state.process->engine().next_deadline() <= clock(event.machine))
      state.process->step(clock(event.machine), core::Tick());
    const core::Status before = state.process->engine().status();
    state.process->step(clock(event.machine), core::Received{std::move(letter.message)});
    if (!state.process->has_died())
      checks_.prevote_answered(*state.shadow, before, state.process->engine().status());
  } else {
    state.process->step(clock(event.machine), core::Received{std::move(letter.message)});
  }
  settle(event.machine);
}

void Cluster::plan_link(Machine a, Machine b, VirtualTime after) {
  if (machines_[a].link_planned[b] || network_.is_connected(a, b)) return;
  machines_[a].link_planned.set(b);
  plan(EventKind::link_up, now_ + after, a, b);
}

void Cluster::link_up(const Event& event) {
  const Machine a = event.machine;
  const Machine b = event.argument;
  machines_[a].link_planned.reset(b);
  Process* const one = process(a);
  Process* const other = process(b);
  if (one == nullptr || other == nullptr || network_.is_connected(a, b)) return;
  if (!machines_[a].dials[b] && !machines_[b].dials[a]) return;
  if (!network_.is_open_both_ways(a, b) || is_paused(a) || is_paused(b)) {
    plan_link(a, b, kReconnectAfter);
    return;
  }
  network_.connect(a, b);
  count_event();
  const MemberId one_id = one->member();
  const BootSeq one_boot = one->boot();
  one->step(clock(a), core::PeerConnected{other->member(), other->boot()});
  other->step(clock(b), core::PeerConnected{one_id, one_boot});
  settle(a);
  settle(b);
}

void Cluster::link_down(const Event& event) {
  const Machine other = event.argument;
  if (!network_.is_connected(event.machine, other)) return;
  network_.disconnect(event.machine, other);
  count_event();
  MachineState& state = machines_[event.machine];
  state.process->step(clock(event.machine),
                      core::PeerDisconnected{machines_[other].settings.self.id});
  if (state.process->has_died()) return;
  if (process(other) != nullptr) {
    plan_link(event.machine, other, 1ms + network_.delay());
  } else if (options_.network.crash_hints) {
    plan(EventKind::peer_down, now_ + 100us + network_.delay(), event.machine, other, event.guard);
  }
}

void Cluster::peer_down(const Event& event) {
  const Machine other = event.argument;
  if (process(other) != nullptr || !network_.is_open_both_ways(event.machine, other)) return;
  MachineState& state = machines_[event.machine];
  state.known_dead[other] = machines_[other].shadow->boot;
  count_event();
  state.process->step(clock(event.machine), core::PeerDown{machines_[other].settings.self.id,
                                                           machines_[other].shadow->boot});
}

void Cluster::reset_links(Machine machine) {
  for (Machine other = 0; other < size(); ++other) {
    if (other == machine || !network_.is_connected(machine, other)) continue;
    network_.disconnect(machine, other);
    for (const Machine end : {machine, other}) {
      if (process(end) == nullptr || is_paused(end)) continue;
      process(end)->step(
          clock(end),
          core::PeerDisconnected{machines_[end == machine ? other : machine].settings.self.id});
      settle(end);
    }
    plan_link(machine, other, 500us + network_.delay());
  }
}

void Cluster::know_peer(Process& process, const MemberId& member) {
  const auto other = machine_of(member);
  if (!other || *other == process.machine()) return;
  machines_[process.machine()].dials.set(*other);
  plan_link(process.machine(), *other, 100us);
}

void Cluster::forget_peer(Process& process, const MemberId& member) {
  const auto other = machine_of(member);
  if (other) machines_[process.machine()].dials.reset(*other);
}

}  // namespace tests::simulation
