#pragma once

#include <bitset>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "tests/simulation/checks.hpp"
#include "tests/simulation/log_device.hpp"
#include "tests/simulation/memory_backend.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/process.hpp"
#include "tests/simulation/register_machine.hpp"

namespace tests::simulation {

/// Which messages are meant.
using LetterFilter = std::function<bool(const Letter&)>;

[[nodiscard]] LetterFilter between(Machine from, Machine to);
[[nodiscard]] LetterFilter to_machine(Machine to);
[[nodiscard]] LetterFilter from_machine(Machine from);
template <class Body>
[[nodiscard]] LetterFilter of_type() {
  return [](const Letter& letter) { return std::holds_alternative<Body>(letter.message.body); };
}
[[nodiscard]] LetterFilter both(LetterFilter a, LetterFilter b);

/// How a request ended, as far as it did.
struct RequestState {
  std::optional<Execution> execution;
  /// The index at which a read may be served, and what it reads then.
  std::optional<gms::model::Index> readable;
  Value seen;
  std::optional<gms::core::Completed> completed;

  [[nodiscard]] bool has_ended() const { return execution || readable || completed; }
};

/// Real engines on scripted time, messages and disks: nothing moves unless the script says so, and
/// every checker of the simulator watches. Members are machines 0, 1, ... of one founding view.
class ScriptedCluster final : private ProcessHost {
 public:
  explicit ScriptedCluster(std::uint32_t members, const gms::core::Config& config = {});
  ~ScriptedCluster() override;

  // Members beside the first ones; each runs on a machine of its own, and asks all to join.
  Machine add_joiner();
  /// The member that `machine` has, in a new incarnation and without its disk.
  Machine add_successor(Machine machine);

  // Time
  void advance(gms::model::Duration by) { now_ += by; }
  void tick(Machine machine);
  /// Lets time go by in milliseconds, with ticks where they are due and every message that is not
  /// cut off delivered at once.
  void run(gms::model::Duration length);
  /// The same, but only `machine` feels time go by; until it leads and has committed an entry of
  /// its own epoch, or for three seconds.
  [[nodiscard]] bool elect(Machine machine);

  // Messages
  [[nodiscard]] const std::vector<Letter>& in_flight() const { return in_flight_; }
  /// Delivers those that match, oldest first; new ones that it causes stay in flight. Returns how
  /// many there were.
  std::size_t deliver(const LetterFilter& filter);
  /// The same, keeping a copy of each in flight.
  std::size_t deliver_copies(const LetterFilter& filter);
  std::size_t drop(const LetterFilter& filter);
  /// Takes those that match out, to be put back later.
  [[nodiscard]] std::vector<Letter> take(const LetterFilter& filter);
  void put_back(std::vector<Letter> letters);
  /// Delivers everything, and what follows from it, that is not cut off.
  void settle();
  /// Messages between the two are dropped when they are sent, until joined again.
  void cut(Machine a, Machine b);
  void isolate(Machine machine);
  /// Those that match are dropped when they are sent, until joined again.
  void lose(LetterFilter filter) { lost_.push_back(std::move(filter)); }
  void join_all();
  void peer_down(Machine at, Machine dead);
  void peer_disconnected(Machine at, Machine other);

  // Disks: synced at once unless held.
  void hold_disk(Machine machine) { machines_[machine].disk_held = true; }
  void release_disk(Machine machine);
  /// One sync begins, and ends later by finish_sync(): orders between the two wait for the next.
  void begin_sync(Machine machine);
  void finish_sync(Machine machine);
  /// The application's state becomes durable, and the engine is told.
  void flush(Machine machine);
  /// Its application has no room for another state of its own, or has it again.
  void refuse_states(Machine machine, bool refuse) { machines_[machine].states_refused = refuse; }
  /// What the machine is to fetch arrives, if its source has it still. Whether it did.
  bool finish_fetch(Machine machine);
  void fail_fetch(Machine machine);
  [[nodiscard]] bool fetches(Machine machine) const { return machines_[machine].fetch.has_value(); }
  void crash(Machine machine);
  /// What the disk was asked for and did not report is lost.
  void lose_power(Machine machine);
  void restart(Machine machine);

  // Requests
  [[nodiscard]] Request propose(Machine machine, const ClientCall& call);
  [[nodiscard]] Request read(Machine machine, Key key);
  void multicast(Machine machine);
  /// `ttl`: of a maintenance.
  Request admin(Machine machine, gms::core::AdminAction action, Machine subject,
                gms::model::Duration ttl = {});
  [[nodiscard]] const RequestState& request(Request request) const { return requests_[request]; }

  [[nodiscard]] gms::core::Status status(Machine machine) const;
  [[nodiscard]] bool leads(Machine machine) const;
  [[nodiscard]] const RegisterMachine& application(Machine machine) const;
  [[nodiscard]] const ShadowMember& shadow(Machine machine) const {
    return *machines_[machine].shadow;
  }
  /// How many of the multicasts of that boot of the machine's member were delivered to anybody.
  [[nodiscard]] std::uint64_t multicasts_delivered(Machine machine, gms::model::BootSeq boot) const;
  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] const Statistics& statistics() const { return statistics_; }
  /// The rule that was broken and how; empty while none was.
  [[nodiscard]] std::string violation() const;

 private:
  struct Place {
    gms::core::EngineSettings settings;
    std::unique_ptr<LogDevice> log;
    RegisterMachine application;
    std::unique_ptr<Process> process;
    ShadowMember* shadow = nullptr;
    bool disk_held = false;
    bool states_refused = false;
    std::uint64_t multicasts = 0;
    /// States that others may fetch, and the one that is being brought here.
    std::map<gms::model::SnapshotId, std::shared_ptr<const SavedState>> shelf;
    std::optional<gms::model::SnapshotMeta> fetch;
    std::shared_ptr<const SavedState> staged;
    /// What the engine is to be told.
    std::vector<gms::core::Input> inputs;
  };

  void observe(Process& process, const gms::core::Effects& effects) override;
  bool dies_between_effects(Process&) override { return false; }
  void persist(Process& process, gms::model::PersistRequest request) override;
  void read_log(Process& process, const gms::model::ReadRequest& request) override;
  void send(Process& process, gms::core::Message message, gms::model::PersistSeq after) override;
  void send_to_address(Process& process, const std::string& address,
                       gms::core::Message message) override;
  void know_peer(Process&, const gms::model::MemberId&) override {}
  void forget_peer(Process&, const gms::model::MemberId&) override {}
  void deliveries_wait(Process&) override {}
  void executed(Process& process, const std::vector<Execution>& executions) override;
  void state_taken(Process& process, gms::model::SnapshotId id,
                   std::shared_ptr<const SavedState> state) override;
  void release_state(Process& process, gms::model::SnapshotId id) override;
  void fetch_state(Process& process, const gms::model::SnapshotMeta& meta) override;
  void cancel_fetch(Process& process, gms::model::SnapshotId id) override;
  [[nodiscard]] std::shared_ptr<const SavedState> take_staged(Process& process,
                                                              gms::model::SnapshotId id) override;
  void quarantined(Process& process) override;
  void restored(Process& process, const gms::model::SnapshotMeta& meta) override;
  void read_ready(Process& process, const gms::core::ReadReady& ready) override;
  void completed(Process& process, const gms::core::Completed& completed) override;

  Machine add_machine(const gms::model::Member& member);
  [[nodiscard]] std::optional<Machine> machine_of(const gms::model::MemberId& id) const;
  /// On its way, unless it is lost.
  void post(Letter letter);
  void hand_over(Letter letter);
  /// Lets the disk catch up after something was done with the machine's process.
  void after(Machine machine);
  void stop(Machine machine);
  [[nodiscard]] bool is_cut(Machine from, Machine to) const {
    return cut_[from * kMachinesMax + to];
  }

  Statistics statistics_;
  World world_;
  Checks checks_;
  Random random_;
  gms::model::Instant now_;
  /// Grows at the end only: processes refer to what is in it.
  std::deque<Place> machines_;
  std::vector<Letter> in_flight_;
  std::vector<RequestState> requests_;
  std::vector<Key> keys_;
  std::bitset<kMachinesMax * kMachinesMax> cut_;
  std::vector<LetterFilter> lost_;
};

}  // namespace tests::simulation
