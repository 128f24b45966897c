#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "gms/core/engine.hpp"
#include "gms/net/draft_queue.hpp"
#include "gms/net/links.hpp"
#include "gms/net/log_inbox.hpp"
#include "gms/net/send_gate.hpp"
#include "gms/net/state_transfer.hpp"
#include "gms/net/sync_clock.hpp"

namespace gms::net {

/// Hears what a driver's engine answers. Calls come on the group's thread, one at a time, never out
/// of a call of the driver's methods; the driver may be stopped in each.
class DriverListener {
 public:
  virtual ~DriverListener() = default;
  virtual void on_completed(const core::Completed& completed) = 0;
  virtual void on_read_ready(const core::ReadReady& ready) = 0;
  /// The application has the batch.
  virtual void on_delivered(const model::DeliveryBatch& batch) = 0;
  /// The application has the view.
  virtual void on_view(const model::PlacedView& view) = 0;
  /// The application has gone over to another member's state, in which this view is in force.
  virtual void on_restored(const model::PlacedView& view) = 0;
  /// A joiner's group is known.
  virtual void on_group(const model::GroupId& group) = 0;
  /// The driver stopped by itself; nothing follows.
  virtual void on_stopped(const model::Error& error) = 0;
};

/// Runs one engine on an io_context: gives it what arrives, time, and what callers want, and
/// carries out its effects in order.
///
/// A turn of the event loop is the unit of batching: what callers propose in it leaves as one
/// input, its orders reach the log together, and its messages leave in one write for each link.
/// Thread rule: the io_context's thread. Ownership: shared by its owner and its pending operations;
/// it calls nobody after stop(). Owns the log and the links; what the ports refer to outlives the
/// call of stop().
class Driver : public std::enable_shared_from_this<Driver>,
               private LinksListener,
               private LogInbox::Receiver,
               private StateTransfer::Owner {
 public:
  using MakeLog = std::function<std::unique_ptr<model::Log>(model::LogListener&)>;

  struct Settings {
    core::EngineSettings engine;
    model::RestoredState state;
    LinkSettings links;
    TransferSettings transfer;
    std::size_t draft_bytes_max = 0;
  };
  struct Ports {
    model::Application& application;
    DriverListener& listener;
    EventSink& events;
  };

  /// Makes the engine, the log and the links; they start with the event loop's next turn.
  [[nodiscard]] static std::shared_ptr<Driver> start(boost::asio::io_context& context,
                                                     Settings settings,
                                                     boost::asio::ip::tcp::acceptor acceptor,
                                                     const MakeLog& make_log, Ports ports);

  /// Use start(). Constructs an idle driver.
  Driver(boost::asio::io_context& context, Settings settings, Ports ports);
  ~Driver() override;

  /// Wants a draft ordered; see gms::Group. Errors: too_large, busy, closed.
  [[nodiscard]] model::Result<model::Ticket> add_draft(
      DraftKind kind, std::initializer_list<model::ByteSpan> pieces);
  /// The ticket under which this turn's reads are asked for. Error: closed.
  [[nodiscard]] model::Result<model::Ticket> read();
  /// Error: closed.
  [[nodiscard]] model::Result<model::Ticket> administer(const core::AdminRequest& request);

  /// As Group's. Idempotent while the state is the same.
  void report_damage();

  [[nodiscard]] core::Status status() const { return engine_.status(); }
  [[nodiscard]] LinkStatistics link_statistics() const;
  [[nodiscard]] DriverStatistics statistics() const;

  /// Ends in order: the links close, transfers end, the log carries out what it was given. Blocks
  /// for that. Idempotent.
  void stop();

 private:
  // LinksListener
  void on_link_input(core::Input input) override;
  void on_state_connection(boost::asio::ip::tcp::socket socket,
                           const wire::StateHello& hello) override;
  void on_links_broken(model::Error error) override;
  // LogInbox::Receiver
  void take_durable(model::PersistSeq seq) override;
  void take_read(model::ReadAnswer answer) override;
  void take_health(model::StorageHealth health) override;
  void take_failure(model::Error error) override;

  // StateTransfer::Owner
  void on_transfer_input(core::Input input) override;
  void on_source_unreachable(const model::SnapshotMeta& meta, const std::string& why) override;

  void begin(boost::asio::ip::tcp::acceptor acceptor, const MakeLog& make_log);
  void start_engine() noexcept;
  void take(core::Input input);
  /// What a callback throws ends the process here.
  void step(core::Input input) noexcept;
  void carry_out_effects();
  void schedule_turn_end();
  void end_turn();
  void tell_applied();
  void propose_drafts();
  void ask_read();
  void tell_durable_state();
  void take_snapshot(model::SnapshotId id, model::Result<model::TakenState> taken);
  /// Asks the application for a sample of its state.
  void take_sample();
  void flush_orders();
  void arm_timer();
  void on_timer();
  void fail(const model::Error& error);
  /// The application did not take what it was given. A damaged state is replaced if there is
  /// another; all else ends the member.
  void on_application_error(const model::Error& error);
  /// What is in the batch is ordered, and is not delivered here.
  void lose(const model::DeliveryBatch& batch);
  void tell_of_damage(const std::optional<model::Error>& error);

  // One for each effect.
  void carry_out(core::Persist& effect);
  void carry_out(core::Send& effect);
  void carry_out(core::SendToAddress& effect);
  void carry_out(core::KnowPeer& effect);
  void carry_out(core::ForgetPeer& effect);
  void carry_out(core::Deliver& effect);
  void carry_out(core::InstallView& effect);
  void carry_out(core::ReadEntries& effect);
  void carry_out(core::ReadReady& effect);
  void carry_out(core::Completed& effect);
  void carry_out(core::Trace& effect);
  void carry_out(core::Fatal& effect);
  void carry_out(core::TakeSnapshot& effect);
  void carry_out(core::ReleaseSnapshot& effect);
  void carry_out(core::FetchSnapshot& effect);
  void carry_out(core::CancelFetch& effect);
  void carry_out(core::InstallSnapshot& effect);
  void carry_out(core::Quarantine& effect);

  boost::asio::io_context& context_;
  const LinkSettings link_settings_;
  const TransferSettings transfer_settings_;
  Ports ports_;
  core::Engine engine_;
  std::shared_ptr<LogInbox> inbox_;
  std::unique_ptr<model::Log> log_;
  std::shared_ptr<Links> links_;
  std::shared_ptr<StateTransfer> transfer_;
  boost::asio::steady_timer timer_;

  core::Effects effects_;
  DraftQueue drafts_;
  SendGate gate_;
  SyncClock sync_clock_;
  /// Orders of this turn, for the log.
  std::vector<model::PersistRequest> orders_;
  /// This turn's reads.
  std::optional<model::Ticket> read_ticket_;
  /// What the application consumed and the engine was not told yet.
  std::optional<model::Index> applied_;
  /// What it said of its state on the way.
  std::vector<model::StateSample> samples_;
  /// The application consumed something, or time has passed, since it was asked what of it is
  /// durable; and the answer that the engine has.
  bool durable_may_have_grown_ = true;
  model::Index state_durable_;
  /// The state that the application went over to, and the order with which the log does.
  struct Settling {
    model::PersistSeq order;
    model::StateGeneration generation;
  };
  std::optional<Settling> settling_;
  std::optional<model::Instant> timer_at_;
  DriverStatistics statistics_;
  bool turn_end_posted_ = false;
  bool stepping_ = false;
  /// The application's state is damaged, and no other is in its place yet.
  bool takes_nothing_ = false;
  bool stopped_ = false;
};

}  // namespace gms::net
