#include "tests/simulation/scripted_cluster.hpp"

#include <algorithm>
#include <utility>

#include "gms/log/new_member.hpp"

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

constexpr std::uint64_t kSeed = 7;
/// More rounds than any exchange of messages needs; past it messages breed messages.
constexpr int kRoundsMax = 2000;

Member member_at(Machine machine) {
  const std::string name = "m" + std::to_string(machine + 1);
  return {{NodeId(machine + 1), Incarnation(100 + machine)}, name, name + ":1", ""};
}

View view_of(std::uint32_t members, const core::Config& config) {
  View out;
  out.seq = ViewSeq(1);
  for (Machine machine = 0; machine < members; ++machine) {
    out.members.push_back(member_at(machine));
    out.up.push_back(member_at(machine).id);
  }
  out.floor = config.floor;
  out.voters_max = config.voters_max;
  out.subject = out.members.front().id;
  return out;
}

}  // namespace

LetterFilter between(Machine from, Machine to) {
  return [=](const Letter& letter) { return letter.from == from && letter.to == to; };
}
LetterFilter to_machine(Machine to) {
  return [=](const Letter& letter) { return letter.to == to; };
}
LetterFilter from_machine(Machine from) {
  return [=](const Letter& letter) { return letter.from == from; };
}
LetterFilter both(LetterFilter a, LetterFilter b) {
  return
      [a = std::move(a), b = std::move(b)](const Letter& letter) { return a(letter) && b(letter); };
}

ScriptedCluster::ScriptedCluster(std::uint32_t members, const core::Config& config)
    : world_(statistics_),
      checks_(world_),
      random_(kSeed, Concern::process),
      now_(1h),
      machines_(members) {
  const View view = view_of(members, config);
  for (Machine machine = 0; machine < members; ++machine) {
    Place& place = machines_[machine];
    const Member member = member_at(machine);
    place.settings = {config, member, {}, machine + 1};
    const RestoredState first =
        gms::log::first_state({{{1, 2}, member.id, member.name}, view, gms::log::LogSalt(1)});
    place.shadow = &world_.add_member(member.id, machine);
    place.shadow->disk_hard_state = first.hard_state;
    for (const EntryRun& run : first.log.tail) place.shadow->disk.apply(run);
    place.log = std::make_unique<LogDevice>(std::make_unique<MemoryBackend>(first));
  }
  for (Machine machine = 0; machine < members; ++machine) restart(machine);
}

ScriptedCluster::~ScriptedCluster() = default;

Machine ScriptedCluster::add_joiner() {
  return add_machine(member_at(static_cast<Machine>(machines_.size())));
}

Machine ScriptedCluster::add_successor(Machine machine) {
  Member member = member_at(static_cast<Machine>(machines_.size()));
  member.id.node = machines_[machine].settings.self.id.node;
  member.name = machines_[machine].settings.self.name;
  return add_machine(member);
}

Machine ScriptedCluster::add_machine(const Member& member) {
  const auto machine = static_cast<Machine>(machines_.size());
  GMS_ASSERT(machine < kMachinesMax, "a machine too many");
  Place& place = machines_.emplace_back();
  place.settings = {machines_[0].settings.config, member, {}, machine + 1};
  for (Machine other = 0; other < machine; ++other)
    place.settings.join_addresses.push_back(machines_[other].settings.self.peer_address);
  const RestoredState first =
      gms::log::first_state({{{}, member.id, member.name}, std::nullopt, gms::log::LogSalt(2)});
  place.shadow = &world_.add_member(member.id, machine);
  place.log = std::make_unique<LogDevice>(std::make_unique<MemoryBackend>(first));
  restart(machine);
  return machine;
}

std::optional<Machine> ScriptedCluster::machine_of(const MemberId& id) const {
  for (Machine machine = 0; machine < machines_.size(); ++machine)
    if (machines_[machine].settings.self.id == id) return machine;
  return std::nullopt;
}

void ScriptedCluster::post(Letter letter) {
  const bool is_lost = std::any_of(lost_.begin(), lost_.end(),
                                   [&](const LetterFilter& lost) { return lost(letter); });
  if (!is_lost && !is_cut(letter.from, letter.to)) in_flight_.push_back(std::move(letter));
}

void ScriptedCluster::tick(Machine machine) {
  if (!machines_[machine].process) return;
  machines_[machine].process->step(now_, core::Tick{});
  after(machine);
}

void ScriptedCluster::run(Duration length) {
  for (Duration gone{}; gone < length; gone += 1ms) {
    advance(1ms);
    for (Machine machine = 0; machine < machines_.size(); ++machine) {
      const auto& process = machines_[machine].process;
      if (process && process->engine().next_deadline() <= now_) tick(machine);
    }
    settle();
  }
}

bool ScriptedCluster::elect(Machine machine) {
  const auto done = [&] {
    const ShadowMember& member = *machines_[machine].shadow;
    return leads(machine) && member.commit >= member.led_from;
  };
  for (Duration gone{}; gone < 3000ms && !done(); gone += 10ms) {
    advance(10ms);
    tick(machine);
    settle();
  }
  return done();
}

std::vector<Letter> ScriptedCluster::take(const LetterFilter& filter) {
  std::vector<Letter> out;
  std::vector<Letter> kept;
  for (Letter& letter : in_flight_) (filter(letter) ? out : kept).push_back(std::move(letter));
  in_flight_ = std::move(kept);
  return out;
}

void ScriptedCluster::put_back(std::vector<Letter> letters) {
  for (Letter& letter : letters) in_flight_.push_back(std::move(letter));
}

void ScriptedCluster::hand_over(Letter letter) {
  Place& place = machines_[letter.to];
  if (!place.process) return;
  checks_.receives(*place.shadow, letter.message, now_);
  place.process->step(now_, core::Received{std::move(letter.message)});
  after(letter.to);
}

std::size_t ScriptedCluster::deliver(const LetterFilter& filter) {
  std::vector<Letter> letters = take(filter);
  for (Letter& letter : letters) hand_over(std::move(letter));
  return letters.size();
}

std::size_t ScriptedCluster::deliver_copies(const LetterFilter& filter) {
  std::vector<Letter> letters;
  std::copy_if(in_flight_.begin(), in_flight_.end(), std::back_inserter(letters), filter);
  for (const Letter& letter : letters) hand_over(letter);
  return letters.size();
}

std::size_t ScriptedCluster::drop(const LetterFilter& filter) {
  return take(filter).size();
}

void ScriptedCluster::settle() {
  int rounds = 0;
  while (!in_flight_.empty() && violation().empty()) {
    (void)deliver([](const Letter&) { return true; });
    if (++rounds > kRoundsMax) world_.violate("LV1", "messages without end");
  }
}

void ScriptedCluster::cut(Machine a, Machine b) {
  cut_.set(a * kMachinesMax + b);
  cut_.set(b * kMachinesMax + a);
}

void ScriptedCluster::isolate(Machine machine) {
  for (Machine other = 0; other < machines_.size(); ++other)
    if (other != machine) cut(machine, other);
}

void ScriptedCluster::join_all() {
  cut_.reset();
  lost_.clear();
}

void ScriptedCluster::peer_down(Machine at, Machine dead) {
  machines_[at].process->step(
      now_, core::PeerDown{machines_[dead].settings.self.id, machines_[dead].shadow->boot});
  after(at);
}

void ScriptedCluster::peer_disconnected(Machine at, Machine other) {
  machines_[at].process->step(now_, core::PeerDisconnected{machines_[other].settings.self.id});
  after(at);
}

void ScriptedCluster::begin_sync(Machine machine) {
  const auto begun = machines_[machine].log->begin_sync();
  GMS_ASSERT(begun.has_value(), "a memory backend takes orders");
}

void ScriptedCluster::finish_sync(Machine machine) {
  Place& place = machines_[machine];
  const auto seq = place.log->finish_sync();
  GMS_ASSERT(seq.has_value(), "a memory backend syncs");
  checks_.durable(*place.shadow, *seq);
  place.process->durable(now_, *seq);
  after(machine);
}

void ScriptedCluster::release_disk(Machine machine) {
  machines_[machine].disk_held = false;
  after(machine);
}

void ScriptedCluster::after(Machine machine) {
  Place& place = machines_[machine];
  if (!place.process) return;
  if (place.process->has_died()) {
    if (const auto& fatal = place.process->fatal())
      world_.violate("fatal", name_of(*place.shadow) + " stops itself: " + fatal->detail);
    return;
  }
  checks_.status(*place.shadow, place.process->engine().status(), place.settings.config);
  checks_.power_loss();
  if (!place.inputs.empty()) {
    for (core::Input& input : std::exchange(place.inputs, {}))
      place.process->step(now_, std::move(input));
    return after(machine);
  }
  if (place.disk_held) return;
  if (place.log->is_syncing()) return finish_sync(machine);
  if (place.log->wants_sync()) {
    begin_sync(machine);
    return finish_sync(machine);
  }
  if (!place.log->has_reads()) return;
  for (ReadAnswer& answer : place.log->answers())
    place.process->step(now_, core::EntriesRead{std::move(answer)});
  after(machine);
}

void ScriptedCluster::stop(Machine machine) {
  Place& place = machines_[machine];
  place.process.reset();
  place.shelf.clear();
  place.fetch.reset();
  place.staged.reset();
  place.inputs.clear();
  place.shadow->running = false;
  place.shadow->role = core::RoleName::joiner;
  place.multicasts = 0;
}

void ScriptedCluster::crash(Machine machine) {
  machines_[machine].log->process_dies(random_);
  stop(machine);
}

void ScriptedCluster::lose_power(Machine machine) {
  machines_[machine].log->power_fails(random_);
  stop(machine);
}

void ScriptedCluster::restart(Machine machine) {
  Place& place = machines_[machine];
  auto found = place.log->backend().recover(place.settings.config.tail_bytes_max);
  GMS_ASSERT(found.has_value(), "a memory backend recovers");
  place.application.open(found->state);
  std::optional<Mark> applied;
  if (const auto mark = place.application.mark()) applied = *decode_mark(*mark);
  checks_.starts(*place.shadow, *found, applied);
  place.process = std::make_unique<Process>(
      Process::Setup{machine,
                     place.settings,
                     {found->identity, found->boot, found->hard_state, found->log, found->state,
                      found->state_diverged, applied},
                     ApplyMode::at_once},
      static_cast<ProcessHost&>(*this), place.application, now_);
  place.process->start(now_);
  after(machine);
}

void ScriptedCluster::observe(Process& process, const core::Effects& effects) {
  checks_.observes(*machines_[process.machine()].shadow, effects, now_);
}

void ScriptedCluster::persist(Process& process, PersistRequest request) {
  machines_[process.machine()].log->persist(std::move(request));
}

void ScriptedCluster::read_log(Process& process, const ReadRequest& request) {
  machines_[process.machine()].log->read(request);
}

void ScriptedCluster::send(Process& process, core::Message message, PersistSeq seq) {
  const Machine from = process.machine();
  checks_.released(*machines_[from].shadow, message, seq);
  if (const auto to = machine_of(message.to)) post({std::move(message), from, *to, 1, false});
}

void ScriptedCluster::send_to_address(Process& process, const std::string& address,
                                      core::Message message) {
  const Machine from = process.machine();
  for (Machine to = 0; to < machines_.size(); ++to)
    if (machines_[to].settings.self.peer_address == address) post({message, from, to, 1, false});
}

void ScriptedCluster::executed(Process& process, const std::vector<Execution>& executions) {
  checks_.executes(*machines_[process.machine()].shadow, executions);
  for (const Execution& execution : executions)
    if (kind_of(execution.ticket) == TicketKind::proposal && execution.ticket != Ticket())
      requests_[process.request_of(execution.ticket)].execution = execution;
}

void ScriptedCluster::state_taken(Process& process, SnapshotId id,
                                  std::shared_ptr<const SavedState> state) {
  Place& place = machines_[process.machine()];
  core::SnapshotTaken taken{id, {}, {}, 1};
  if (place.states_refused) {
    taken.error = Error{ErrorCode::io, "no space is left"};
    place.inputs.emplace_back(std::move(taken));
    return;
  }
  if (const auto mark = state->mark()) taken.mark = *decode_mark(*mark);
  place.shelf.emplace(id, std::move(state));
  place.inputs.emplace_back(std::move(taken));
}

void ScriptedCluster::release_state(Process&, SnapshotId) {
  // Who fetches it may go on; here for as long as the process lives.
}

void ScriptedCluster::fetch_state(Process& process, const SnapshotMeta& meta) {
  machines_[process.machine()].fetch = meta;
}

void ScriptedCluster::cancel_fetch(Process& process, SnapshotId) {
  machines_[process.machine()].fetch.reset();
  machines_[process.machine()].staged.reset();
}

std::shared_ptr<const SavedState> ScriptedCluster::take_staged(Process& process, SnapshotId) {
  return std::exchange(machines_[process.machine()].staged, nullptr);
}

void ScriptedCluster::quarantined(Process& process) {
  world_.violate("Q1", name_of(*machines_[process.machine()].shadow) +
                           " puts its state out of use, though no test flips one");
}

void ScriptedCluster::restored(Process& process, const SnapshotMeta& meta) {
  const Place& place = machines_[process.machine()];
  checks_.state(*place.shadow, meta.index(), place.application.digest());
}

void ScriptedCluster::flush(Machine machine) {
  Place& place = machines_[machine];
  place.application.flush();
  const auto mark = place.application.durable_mark();
  if (!mark) return;
  place.process->step(now_, core::StateDurable{decode_mark(*mark)->head.position.index});
  after(machine);
}

bool ScriptedCluster::finish_fetch(Machine machine) {
  Place& place = machines_[machine];
  const SnapshotMeta meta = *std::exchange(place.fetch, std::nullopt);
  const auto& shelf = machines_[*machine_of(meta.source)].shelf;
  const auto found = shelf.find(meta.id);
  if (found == shelf.end()) {
    place.fetch = meta;
    return false;
  }
  place.staged = found->second;
  place.process->step(now_, core::SnapshotStaged{meta.id});
  after(machine);
  return true;
}

void ScriptedCluster::fail_fetch(Machine machine) {
  Place& place = machines_[machine];
  const SnapshotMeta meta = *std::exchange(place.fetch, std::nullopt);
  const Error error{ErrorCode::unavailable, "the source does not answer"};
  place.process->step(now_, core::SnapshotFetchFailed{meta.id, error});
  after(machine);
}

void ScriptedCluster::read_ready(Process& process, const core::ReadReady& ready) {
  const Request request = process.request_of(ready.ticket);
  requests_[request].readable = ready.index;
  requests_[request].seen = machines_[process.machine()].application.read(keys_[request]);
}

void ScriptedCluster::completed(Process& process, const core::Completed& completed) {
  for (std::uint64_t i = 0; i < completed.count; ++i)
    if (kind_of(completed.first) != TicketKind::multicast)
      requests_[process.request_of(completed.first + i)].completed = completed;
}

Request ScriptedCluster::propose(Machine machine, const ClientCall& call) {
  const auto out = static_cast<Request>(requests_.size());
  requests_.emplace_back();
  keys_.push_back(call.key);
  ByteWriter encoded;
  machines_[machine].application.encode(call, 0, encoded);
  machines_[machine].process->propose(now_, encoded.bytes(), out);
  after(machine);
  return out;
}

Request ScriptedCluster::read(Machine machine, Key key) {
  const auto out = static_cast<Request>(requests_.size());
  requests_.emplace_back();
  keys_.push_back(key);
  machines_[machine].process->read(now_, out);
  after(machine);
  return out;
}

void ScriptedCluster::multicast(Machine machine) {
  Place& place = machines_[machine];
  const MulticastBody body{place.settings.self.id, place.process->boot(), ++place.multicasts};
  checks_.multicasts(body);
  place.process->multicast(now_, encode(body), 0);
  after(machine);
}

Request ScriptedCluster::admin(Machine machine, core::AdminAction action, Machine subject,
                               Duration ttl) {
  const auto out = static_cast<Request>(requests_.size());
  requests_.emplace_back();
  keys_.emplace_back();
  machines_[machine].process->admin(now_, {action, machines_[subject].settings.self.id, ttl}, out);
  after(machine);
  return out;
}

core::Status ScriptedCluster::status(Machine machine) const {
  return machines_[machine].process->engine().status();
}

bool ScriptedCluster::leads(Machine machine) const {
  return machines_[machine].process && machines_[machine].shadow->role == core::RoleName::leader;
}

const RegisterMachine& ScriptedCluster::application(Machine machine) const {
  return machines_[machine].application;
}

std::uint64_t ScriptedCluster::multicasts_delivered(Machine machine, BootSeq boot) const {
  return checks_.multicasts().newest_delivered(machines_[machine].settings.self.id, boot);
}

std::string ScriptedCluster::violation() const {
  const auto& found = world_.violation();
  return found ? found->invariant + ": " + found->detail : "";
}

}  // namespace tests::simulation
