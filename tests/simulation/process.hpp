#pragma once

#include <array>
#include <deque>
#include <variant>
#include <vector>

#include "gms/core/engine.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/state_machine.hpp"

namespace tests::simulation {

class Process;

/// What a ticket was drawn for.
enum class TicketKind : std::uint8_t { proposal, multicast, read, admin };
[[nodiscard]] TicketKind kind_of(gms::model::Ticket ticket);

/// The world around a process: carries out what its engine wants done. No call may end the process;
/// the world does so after the call into the process has returned.
class ProcessHost {
 public:
  virtual ~ProcessHost() = default;

  /// Sees all effects of a step before the first is carried out.
  virtual void observe(Process& process, const gms::core::Effects& effects) = 0;
  /// Whether the process dies now, before the next effect.
  virtual bool dies_between_effects(Process& process) = 0;

  virtual void persist(Process& process, gms::model::PersistRequest request) = 0;
  virtual void read_log(Process& process, const gms::model::ReadRequest& request) = 0;
  /// A message whose condition is met leaves the process.
  virtual void send(Process& process, gms::core::Message message, gms::model::PersistSeq after) = 0;
  virtual void send_to_address(Process& process, const std::string& address,
                               gms::core::Message message) = 0;
  virtual void know_peer(Process& process, const gms::model::MemberId& member) = 0;
  virtual void forget_peer(Process& process, const gms::model::MemberId& member) = 0;
  /// Deliveries wait for the application, which is not taking them at once.
  virtual void deliveries_wait(Process& process) = 0;
  virtual void executed(Process& process, const std::vector<Execution>& executions) = 0;
  /// The application's state was taken; the process is told of it later.
  virtual void state_taken(Process& process, gms::model::SnapshotId id,
                           std::shared_ptr<const SavedState> state) = 0;
  virtual void release_state(Process& process, gms::model::SnapshotId id) = 0;
  virtual void fetch_state(Process& process, const gms::model::SnapshotMeta& meta) = 0;
  virtual void cancel_fetch(Process& process, gms::model::SnapshotId id) = 0;
  /// What was staged, which is wanted now. Precondition: it was.
  [[nodiscard]] virtual std::shared_ptr<const SavedState> take_staged(
      Process& process, gms::model::SnapshotId id) = 0;
  /// The application is to be out of use.
  virtual void quarantined(Process& process) = 0;
  /// The application has gone over to it.
  virtual void restored(Process& process, const gms::model::SnapshotMeta& meta) = 0;
  virtual void read_ready(Process& process, const gms::core::ReadReady& ready) = 0;
  virtual void completed(Process& process, const gms::core::Completed& completed) = 0;
};

/// Names what a caller asked of a process.
using Request = std::uint32_t;

/// Whether the application takes deliveries within the step or some time later.
enum class ApplyMode : std::uint8_t { at_once, later };

/// One boot of a member: an engine and the driver around it, as gms/net has one, without sockets or
/// threads. Holds a message back until the log has what it rests on [C11].
class Process {
 public:
  struct Setup {
    Machine machine = 0;
    gms::core::EngineSettings settings;
    gms::model::RestoredState state;
    ApplyMode apply = ApplyMode::at_once;
  };

  Process(Setup setup, ProcessHost& host, StateMachine& application, gms::model::Instant now);

  void start(gms::model::Instant now);
  void step(gms::model::Instant now, gms::core::Input input);
  /// The log has made everything up to `seq` durable.
  void durable(gms::model::Instant now, gms::model::PersistSeq seq);
  /// The application takes one delivery. Precondition: there is one.
  void apply_next(gms::model::Instant now);
  /// How far the application is in this boot's stream; its stored mark's index at first.
  [[nodiscard]] gms::model::Index applied() const { return applied_; }
  /// How many wait for the application; none of a process that has died.
  [[nodiscard]] std::size_t deliveries() const { return died_ ? 0 : deliveries_.size(); }

  // Requests carry a number of the caller's choice; request_of() finds it again by the ticket.

  /// Proposes a command, or queues it while the engine wants none.
  void propose(gms::model::Instant now, gms::model::ByteSpan command, Request request);
  void multicast(gms::model::Instant now, gms::model::ByteSpan body, Request request);
  void read(gms::model::Instant now, Request request);
  void admin(gms::model::Instant now, const gms::core::AdminRequest& wish, Request request);
  /// Precondition: a ticket of this boot.
  [[nodiscard]] Request request_of(gms::model::Ticket ticket) const;

  [[nodiscard]] const gms::core::Engine& engine() const { return engine_; }
  [[nodiscard]] Machine machine() const { return machine_; }
  [[nodiscard]] const gms::model::MemberId& member() const { return member_; }
  [[nodiscard]] gms::model::BootSeq boot() const { return boot_; }
  [[nodiscard]] gms::model::PersistSeq durable_seq() const { return durable_; }
  /// Died between two effects, or stopped itself: nothing leaves it any more.
  [[nodiscard]] bool has_died() const { return died_; }
  /// Why it stopped itself, if it did.
  [[nodiscard]] const std::optional<gms::model::Error>& fatal() const { return fatal_; }

 private:
  struct Held {
    gms::model::PersistSeq after;
    gms::core::Message message;
  };
  using Delivery =
      std::variant<gms::core::Deliver, gms::core::InstallView, gms::core::TakeSnapshot>;
  /// Requests that gather while the engine wants none.
  struct Gathered {
    gms::model::Ticket first;
    gms::model::EntryRunBuilder drafts;
  };

  void settle(gms::model::Instant now);
  void carry_out();
  void carry_out(gms::core::Effect& effect);
  void carry_out_transfer(gms::core::Effect& effect);
  void restore(const gms::core::InstallSnapshot& install);
  /// Tells the engine how far the application is, and what it says of its state.
  void report(gms::model::Instant now, gms::model::Index applied);
  void sample();
  void release();
  void hand_over(gms::model::Instant now);
  /// Where the request with this ticket is to be added.
  static gms::model::EntryRunBuilder& gather(Gathered& gathered, gms::model::Ticket ticket);
  gms::model::Ticket draw(TicketKind kind, Request request);
  /// Gives the oldest delivery to the application. Returns the index that it has then.
  gms::model::Index apply_one();

  const Machine machine_;
  const gms::model::MemberId member_;
  const gms::model::BootSeq boot_;
  const ApplyMode apply_;
  ProcessHost& host_;
  StateMachine& application_;
  gms::model::Index applied_;
  gms::core::Engine engine_;
  gms::model::PersistSeq durable_;
  std::vector<Held> held_;
  std::deque<Delivery> deliveries_;
  /// A generation that counts for good when the order is durable.
  std::optional<std::pair<gms::model::PersistSeq, gms::model::StateGeneration>> settling_;
  Gathered proposals_;
  Gathered multicasts_;
  /// By kind and the ticket's place in it.
  std::array<std::vector<Request>, 4> requests_;
  gms::core::Effects effects_;
  std::vector<Execution> executions_;
  std::vector<gms::model::StateSample> samples_;
  bool died_ = false;
  std::optional<gms::model::Error> fatal_;
};

}  // namespace tests::simulation
