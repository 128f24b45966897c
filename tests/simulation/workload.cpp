#include "tests/simulation/workload.hpp"

#include <algorithm>

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;
using linearizability::Operation;

constexpr std::uint32_t kAttemptsMax = 12;
/// The request of a multicast: its end is nobody's to hear.
constexpr Request kNobody = 0;

}  // namespace

Workload::Workload(Cluster& cluster)
    : cluster_(cluster),
      options_(cluster.options().workload),
      random_(cluster.options().seed, Concern::workload),
      clients_(options_.clients),
      attempts_(1),
      operations_(options_.clients),
      multicasts_(cluster.size()) {
  for (Machine machine = 0; machine < cluster.size(); ++machine) targets_.push_back(machine);
  for (std::uint32_t client = 0; client < options_.clients; ++client)
    cluster_.plan(EventKind::client_next, random_.exponential(options_.think), 0, client);
  if (options_.multicast_every == 0us) return;
  for (Machine machine = 0; machine < cluster.size(); ++machine)
    cluster_.plan(EventKind::member_multicast, random_.exponential(options_.multicast_every),
                  machine);
}

Machine Workload::random_target() {
  return targets_[random_.below(targets_.size())];
}

bool Workload::carry_out(const Event& event) {
  switch (event.kind) {
    case EventKind::client_next: begin_call(event.argument); return true;
    case EventKind::client_request: request_arrives(event); return true;
    case EventKind::client_reply: reply_arrives(event.argument); return true;
    case EventKind::client_timeout: timed_out(event); return true;
    case EventKind::member_multicast: multicast(event.machine); return true;
    default: return false;
  }
}

Operation Workload::draw_operation(std::uint32_t client) {
  Operation out;
  out.client = client;
  out.key = Key(random_.below(options_.keys));
  const std::uint64_t share = random_.below(1'000'000);
  const std::uint64_t conditionals = options_.gets + options_.conditionals;
  if (share < options_.gets)
    out.action = Action::get;
  else if (share < conditionals)
    out.action = random_.chance(700'000) ? Action::put_if : Action::erase_if;
  else if (share < conditionals + options_.erases)
    out.action = Action::erase;
  else
    out.action = Action::put;
  if (out.action == Action::put || out.action == Action::put_if)
    out.value = Value(history_.size() + 1);
  // A condition is worth something only if it may hold: absent, or what somebody just wrote there.
  const bool conditional = out.action == Action::put_if || out.action == Action::erase_if;
  const std::size_t looks = std::min<std::size_t>(history_.size(), random_.below(12));
  for (std::size_t back = 1; back <= looks; ++back) {
    const Operation& earlier = history_[history_.size() - back];
    if (conditional && earlier.key == out.key && earlier.value != Value())
      out.expected = earlier.value;
  }
  return out;
}

void Workload::begin_call(std::uint32_t client) {
  if (stopped_) return;
  Client& state = clients_[client];
  Operation operation = draw_operation(client);
  operation.invoked = cluster_.now().count();
  state.operation = history_.size();
  state.attempts = state.open = 0;
  state.refused_only = true;
  ++state.calls;
  ++cluster_.statistics().calls;
  operations_[client].push_back(history_.size());
  numbers_.push_back(state.calls);
  history_.push_back(operation);
  if (random_.chance(100'000)) state.target = random_target();
  attempt(client);
}

void Workload::attempt(std::uint32_t client) {
  Client& state = clients_[client];
  ++state.attempts;
  if (std::find(targets_.begin(), targets_.end(), state.target) == targets_.end())
    state.target = random_target();
  send_to(client, state.target);
  if (random_.chance(options_.doubled)) send_to(client, random_target());
  cluster_.plan(EventKind::client_timeout, cluster_.now() + options_.timeout, 0, client,
                ++state.waits);
}

void Workload::send_to(std::uint32_t client, Machine machine) {
  Attempt attempt;
  attempt.client = client;
  attempt.operation = *clients_[client].operation;
  attempt.machine = machine;
  attempt.session = clients_[client].session;
  ++clients_[client].open;
  attempts_.push_back(attempt);
  cluster_.plan(EventKind::client_request, cluster_.now() + cluster_.network().delay(), machine,
                static_cast<std::uint32_t>(attempts_.size() - 1));
}

ClientCall Workload::call_of(const Attempt& attempt) const {
  const Operation& operation = history_[attempt.operation];
  return {attempt.client,  numbers_[attempt.operation], operation.action, operation.key,
          operation.value, operation.expected,          attempt.session};
}

bool Workload::is_answer_to(const Attempt& attempt, const Execution& execution) const {
  if (!execution.call) return false;
  if (execution.status != CallStatus::registered) return *execution.call == call_of(attempt);
  return execution.call->client == attempt.client && attempt.session == kvstore::api::SessionId();
}

void Workload::request_arrives(const Event& event) {
  Attempt& attempt = attempts_[event.argument];
  MachineState& state = cluster_.machine(event.machine);
  if (!state.process) return answer(event.argument, Answer::refused);
  if (cluster_.is_paused(event.machine)) {
    cluster_.plan(event.kind, state.paused_until, event.machine, event.argument);
    return;
  }
  attempt.life = state.life;
  attempt.views = cluster_.world().committed_views().size();
  const bool is_get = !linearizability::is_write(history_[attempt.operation].action);
  const bool leads = state.shadow->role == core::RoleName::leader;
  if (is_get) {
    ++cluster_.statistics().events;
    state.process->read(cluster_.clock(event.machine), event.argument);
  } else if (leads || options_.forward) {
    ++cluster_.statistics().events;
    ByteWriter encoded;
    state.application->encode(call_of(attempt), options_.padding, encoded);
    state.process->propose(cluster_.clock(event.machine), encoded.bytes(), event.argument);
  } else {
    const MemberId leader = state.process->engine().status().leader;
    if (!leader.is_none()) attempt.ask_instead = static_cast<Machine>(leader.node.value() - 1);
    answer(event.argument, Answer::refused);
  }
  cluster_.settle(event.machine);
}

void Workload::answer(Request request, Answer answer) {
  if (request == kNobody) return;
  Attempt& attempt = attempts_[request];
  if (attempt.answer != Answer::none)
    cluster_.world().violate("LV3", "a request was answered twice");
  attempt.answer = answer;
  cluster_.plan(EventKind::client_reply, cluster_.now() + cluster_.network().delay(),
                attempt.machine, request);
}

void Workload::executed(Process&, Request request, const Execution& execution) {
  if (request == kNobody) return;
  Attempt& attempt = attempts_[request];
  if (!is_answer_to(attempt, execution))
    return cluster_.world().violate("C27", "a reply is for another request than its ticket's");
  if (execution.status == CallStatus::registered) {
    attempt.session = execution.call->session;
    return answer(request, Answer::registered);
  }
  attempt.applied = execution.applied;
  attempt.index = execution.effective;
  answer(request, execution.status == CallStatus::done ? Answer::done : Answer::unknown);
}

void Workload::readable(Process& process, Request request, Index index) {
  Attempt& attempt = attempts_[request];
  const StateMachine& application = *cluster_.machine(process.machine()).application;
  if (attempt.views != cluster_.world().committed_views().size())
    cluster_.statistics().count(Sometimes::read_while_the_view_changed);
  attempt.seen = application.read(history_[attempt.operation].key);
  // The group's own entries move the index on without the application.
  attempt.index = std::max(process.applied(), index);
  answer(request, Answer::done);
}

void Workload::completed(Process&, Request request, const core::Completed& completed) {
  if (request == kNobody) return;
  const bool unknown = !completed.error || completed.error->code == ErrorCode::outcome_unknown;
  if (!completed.leader.is_none())
    attempts_[request].ask_instead = static_cast<Machine>(completed.leader.node.value() - 1);
  answer(request, unknown ? Answer::unknown : Answer::refused);
}

void Workload::hear_session(const Attempt& registration) {
  Client& client = clients_[registration.client];
  const bool waits = client.session == kvstore::api::SessionId();
  client.session = registration.session;
  if (client.operation != registration.operation) return;
  --client.open;
  if (waits) attempt(registration.client);
}

void Workload::reply_arrives(Request request) {
  const Attempt& attempt = attempts_[request];
  Client& client = clients_[attempt.client];
  if (attempt.answer == Answer::registered) return hear_session(attempt);
  if (client.operation != attempt.operation) return;
  Operation& operation = history_[attempt.operation];
  if (attempt.answer == Answer::done) {
    operation.applied = attempt.applied || operation.action == Action::get;
    operation.seen = attempt.seen;
    operation.index = attempt.index;
    return end_call(attempt.client, linearizability::Outcome::ok);
  }
  if (attempt.answer == Answer::refused) --client.open;
  if (attempt.answer == Answer::unknown) client.refused_only = false;
  client.target = attempt.ask_instead && *attempt.ask_instead < cluster_.size()
                      ? *attempt.ask_instead
                      : random_target();
  // Ask again soon, but not at once.
  cluster_.plan(EventKind::client_timeout,
                cluster_.now() + random_.duration<VirtualTime>(500us, 10ms), 1, attempt.client,
                ++client.waits);
}

void Workload::timed_out(const Event& event) {
  Client& client = clients_[event.argument];
  if (!client.operation || client.waits != event.guard) return;
  const bool heard_nothing = event.machine == 0;
  if (heard_nothing) client.target = random_target();
  retry_or_end(event.argument);
}

void Workload::retry_or_end(std::uint32_t client) {
  Client& state = clients_[client];
  if (state.attempts < kAttemptsMax) return attempt(client);
  const bool certain = state.open == 0 && state.refused_only;
  end_call(client, certain ? linearizability::Outcome::failed : linearizability::Outcome::unknown);
}

void Workload::end_call(std::uint32_t client, linearizability::Outcome outcome) {
  Client& state = clients_[client];
  Operation& operation = history_[*state.operation];
  operation.outcome = outcome;
  Statistics& statistics = cluster_.statistics();
  if (outcome != linearizability::Outcome::unknown) operation.returned = cluster_.now().count();
  if (outcome == linearizability::Outcome::ok) ++succeeded_;
  switch (outcome) {
    case linearizability::Outcome::ok: ++statistics.calls_ok; break;
    case linearizability::Outcome::unknown: ++statistics.calls_unknown; break;
    case linearizability::Outcome::failed: ++statistics.calls_failed; break;
  }
  state.operation.reset();
  ++state.waits;
  cluster_.plan(EventKind::client_next, cluster_.now() + random_.exponential(options_.think), 0,
                client);
}

void Workload::multicast(Machine machine) {
  if (stopped_) return;
  cluster_.plan(EventKind::member_multicast,
                cluster_.now() + random_.exponential(options_.multicast_every), machine);
  Process* const process = cluster_.process(machine);
  if (process == nullptr || cluster_.is_paused(machine)) return;
  auto& [life, count] = multicasts_[machine];
  if (life != cluster_.machine(machine).life) count = 0;
  life = cluster_.machine(machine).life;
  const MulticastBody body{process->member(), process->boot(), ++count};
  cluster_.checks().multicasts(body);
  ++cluster_.statistics().events;
  process->multicast(cluster_.clock(machine), encode(body), kNobody);
  cluster_.settle(machine);
}

std::optional<std::size_t> Workload::operation_of(const ClientCall& call) const {
  if (call.client >= operations_.size() || call.number == 0 ||
      call.number > operations_[call.client].size())
    return std::nullopt;
  return operations_[call.client][call.number - 1];
}

bool Workload::is_idle() const {
  return std::none_of(clients_.begin(), clients_.end(),
                      [](const Client& client) { return client.operation.has_value(); });
}

std::optional<std::string> Workload::unanswered(const std::vector<Machine>& machines) const {
  for (const Attempt& attempt : attempts_) {
    if (attempt.answer != Answer::none || attempt.life == 0) continue;
    if (std::find(machines.begin(), machines.end(), attempt.machine) == machines.end()) continue;
    const MachineState& state = cluster_.machine(attempt.machine);
    if (state.process && state.life == attempt.life)
      return "m" + std::to_string(attempt.machine + 1) + " never answered " +
             linearizability::describe(history_[attempt.operation]);
  }
  return std::nullopt;
}

}  // namespace tests::simulation
