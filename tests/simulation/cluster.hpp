#pragma once

#include <bitset>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/checks.hpp"
#include "tests/simulation/log_device.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/options.hpp"
#include "tests/simulation/process.hpp"

namespace tests::simulation {

/// Whether a crash takes only the process or the machine's memory too.
enum class CrashKind : std::uint8_t { process, power };

/// `smooth`: as the options say, without faults. `faulty`: as the options say. `healthy`: without
/// faults, on a fast network and fast disks, where the timers of any options suffice.
enum class Behaviour : std::uint8_t { smooth, faulty, healthy };

/// Hears what becomes of requests made of processes.
class RequestListener {
 public:
  virtual ~RequestListener() = default;
  virtual void executed(Process& process, Request request, const Execution& execution) = 0;
  /// A read that covers everything up to `index` may be served now.
  virtual void readable(Process& process, Request request, gms::model::Index index) = 0;
  virtual void completed(Process& process, Request request,
                         const gms::core::Completed& completed) = 0;
};

/// A state that is being brought to a machine.
struct Fetching {
  gms::model::SnapshotMeta meta;
  std::uint64_t bytes = 0;
  unsigned failures = 0;
  std::shared_ptr<const SavedState> staged;
  /// How many elections there had been when it began.
  std::uint64_t begun_at = 0;
};

/// One machine: what survives its processes, and the process that runs now, if one does.
struct MachineState {
  gms::core::EngineSettings settings;
  std::unique_ptr<LogDevice> log;
  std::unique_ptr<StateMachine> application;
  std::unique_ptr<Process> process;
  /// Counts the processes: what is planned for one is nothing to the next.
  std::uint64_t life = 0;
  ShadowMember* shadow = nullptr;
  /// Its clock's error, per million.
  std::int64_t drift = 0;
  VirtualTime paused_until{};
  VirtualTime disk_slow_until{};
  /// The tick that is planned; none if in the past.
  VirtualTime tick_at{-1};
  bool apply_planned = false;
  /// The state that its application has taken and its engine does not know of yet, and those that
  /// others may fetch. Gone with the process.
  std::pair<gms::model::SnapshotId, std::shared_ptr<const SavedState>> taking;
  std::vector<std::pair<gms::model::SnapshotId, std::shared_ptr<const SavedState>>> shelf;
  Fetching fetch;
  /// The step that is planned; those before it are of a fetch that was given up.
  std::uint32_t fetch_step = 0;
  /// Its storage refuses to start, or a fault keeps it down.
  bool stays_down = false;
  /// Machines to which it opens links.
  std::bitset<kMachinesMax> dials;
  std::bitset<kMachinesMax> link_planned;
  /// The boot of each other machine that it knows to be dead.
  std::array<gms::model::BootSeq, kMachinesMax> known_dead{};
};

/// A whole simulated cluster: machines, network, disks and time. Feeds every checker. One thread.
class Cluster final : private ProcessHost {
 public:
  /// `statistics` outlives the cluster.
  Cluster(const Options& options, Statistics& statistics);
  ~Cluster() override;

  /// Who hears of requests; set once, before the first event.
  void listen(RequestListener& listener) { listener_ = &listener; }

  [[nodiscard]] VirtualTime now() const { return now_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] std::uint32_t size() const { return options_.machines; }
  [[nodiscard]] MachineState& machine(Machine machine) { return machines_[machine]; }
  [[nodiscard]] Process* process(Machine machine) { return machines_[machine].process.get(); }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] Checks& checks() { return checks_; }
  [[nodiscard]] Statistics& statistics() { return statistics_; }
  [[nodiscard]] EventQueue& events() { return events_; }
  /// A hash over everything that happened: the same for the same options.
  [[nodiscard]] std::uint64_t trace_hash() const { return trace_hash_; }

  void plan(EventKind kind, VirtualTime at, Machine machine, std::uint32_t argument = 0,
            std::uint64_t guard = 0) {
    events_.plan({at, 0, guard, argument, machine, kind});
  }
  /// The next event, with time moved on to it. Those that are the cluster's own are carried out;
  /// returns the others.
  std::optional<Event> next();

  /// The machine's clock.
  [[nodiscard]] gms::model::Instant clock(Machine machine) const;
  [[nodiscard]] bool is_paused(Machine machine) const {
    return machines_[machine].paused_until > now_;
  }
  /// To be called after something was done with a machine's process: plans what it needs next, and
  /// buries it if it died.
  void settle(Machine machine);

  /// Does nothing when the machine does not run.
  void crash(Machine machine, CrashKind kind);
  void restart(Machine machine);
  /// Its data directory is made anew, for a new incarnation that is to join.
  void replace(Machine machine);
  /// Ends what a fault left behind at a machine.
  void heal(Machine machine);
  void reset_links(Machine machine);
  /// How the network, the disks and the processes fare from now on, but for what is under way.
  void behave(Behaviour behaviour);
  /// The machine that leads the newest epoch that has a leader.
  [[nodiscard]] std::optional<Machine> leader() const;
  void check_images();
  /// Prints what engines do to standard output.
  void print_events() { prints_ = true; }

 private:
  void observe(Process& process, const gms::core::Effects& effects) override;
  bool dies_between_effects(Process& process) override;
  void persist(Process& process, gms::model::PersistRequest request) override;
  void read_log(Process& process, const gms::model::ReadRequest& request) override;
  void send(Process& process, gms::core::Message message, gms::model::PersistSeq after) override;
  void send_to_address(Process& process, const std::string& address,
                       gms::core::Message message) override;
  void know_peer(Process& process, const gms::model::MemberId& member) override;
  void forget_peer(Process& process, const gms::model::MemberId& member) override;
  void deliveries_wait(Process& process) override;
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

  /// Ends the calls that were executed on a state that was flipped.
  void drop_answers(Process& process, const std::vector<Execution>& executions);
  void make_machine(Machine machine, Random& random);
  /// Gives it an empty data directory of a new incarnation; the first machine founds the group.
  void make_member(Machine machine, Random& random);
  /// Whether the event is one of the cluster's own, which it carries out.
  bool carry_out(const Event& event);
  bool is_stale(const Event& event) const;
  void deliver(const Event& event);
  void tick(const Event& event);
  void sync_done(Machine machine);
  void answer_reads(Machine machine);
  void apply(Machine machine);
  void flush(Machine machine);
  void tell_state_taken(Machine machine);
  void plan_fetch_step(Machine machine);
  void fetch_step(const Event& event);
  void state_gone(Machine machine);
  /// The state that is to be fetched, if its source has it and can be reached.
  [[nodiscard]] std::shared_ptr<const SavedState> find_state(Machine machine,
                                                             const gms::model::SnapshotMeta& meta);
  void link_up(const Event& event);
  void link_down(const Event& event);
  void peer_down(const Event& event);
  void plan_link(Machine a, Machine b, VirtualTime after);
  void post(Letter letter, const Fate& fate);
  void begin_sync(Machine machine);
  void plan_tick(Machine machine);
  void check_status(Machine machine);
  void count_event();
  void print(const Process& process, const gms::core::Effects& effects) const;
  [[nodiscard]] std::optional<Machine> machine_of(const gms::model::MemberId& member) const;
  [[nodiscard]] VirtualTime sync_time(Machine machine);

  const Options options_;
  Statistics& statistics_;
  World world_;
  Checks checks_;
  Random network_random_;
  Random disk_random_;
  Random process_random_;
  Network network_;
  EventQueue events_;
  Mailbag mailbag_;
  std::vector<MachineState> machines_;
  RequestListener* listener_ = nullptr;
  VirtualTime now_{};
  std::uint64_t trace_hash_ = 0;
  std::uint64_t images_checked_at_ = 0;
  DiskOptions disk_;
  VirtualTime apply_delay_{};
  std::uint64_t crash_between_effects_ = 0;
  bool prints_ = false;
};

}  // namespace tests::simulation
