#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <variant>

#include "gms/group.hpp"
#include "kvstore/server/event_journal.hpp"
#include "kvstore/server/event_tee.hpp"
#include "kvstore/server/exit_code.hpp"
#include "kvstore/server/line_log.hpp"
#include "kvstore/server/member_report.hpp"
#include "kvstore/server/request_service.hpp"
#include "kvstore/server/room_making.hpp"
#include "kvstore/server/session_expiry.hpp"
#include "kvstore/server/settings.hpp"
#include "kvstore/server/step_aside.hpp"
#include "kvstore/storage/rocks_exchange.hpp"

namespace kvstore::server {

/// A running replica: the group's member, its state machine and its client port, wired together on
/// one io_context.
///
/// Guarantee: on_ready() is called once, when both ports listen and this member is a voter of the
/// view that it knows: a founder after its first election, a joiner when it has been admitted and
/// has delivered the view that admits it, and a restarted member at once, since its group must be
/// able to start with any of its members first. Whether there is a leader is no part of it. SIGTERM
/// and SIGINT end run() in order: leadership is handed over, writes under way are answered, the
/// ports close, log and store are written out. Thread rule: one thread makes it, runs it and
/// destroys it. State is applied on that thread, behind gms::model::Application: that is where it
/// could move to one of its own. Ownership: the log outlives it.
class Kvd final : private gms::GroupListener,
                  private gms::model::Application,
                  private EventJournal::Listener,
                  private ClientPort::Handler,
                  private Ordering {
 public:
  /// Where and as whom a member is running.
  struct Ready {
    std::string name;
    gms::model::MemberId member;
    gms::model::GroupId group;
    std::string client_address;
    std::string peer_address;
  };
  using OnReady = std::function<void(const Ready& ready)>;
  using Started = std::variant<std::unique_ptr<Kvd>, Failure>;

  /// Opens the ports, the group and the store. `witness`, if there is one, hears every event of the
  /// group, and outlives the kvd. Precondition: `settings` passed check_settings().
  [[nodiscard]] static Started start(const Settings& settings, const LineLog& log, OnReady on_ready,
                                     gms::net::EventSink* witness = nullptr);

  /// Serves until it is told to stop, or has to. After any other end than `done` nothing may be
  /// written any more: the process should exit without destroying this [C12].
  [[nodiscard]] Failure run();

  ~Kvd() override;
  Kvd(const Kvd&) = delete;
  Kvd& operator=(const Kvd&) = delete;

 private:
  Kvd(const Settings& settings, const std::filesystem::path& data, const LineLog& log,
      OnReady on_ready, gms::net::EventSink* witness);

  // The steps of start().
  [[nodiscard]] std::optional<Failure> open_ports();
  [[nodiscard]] std::optional<Failure> open_group(const std::string& client_address);
  void warn_of_what_has_no_effect();
  void begin();

  // gms::GroupListener
  void completed(gms::model::Ticket first, std::uint64_t count,
                 const std::optional<gms::model::Error>& error,
                 gms::model::MemberId leader) override;
  void read_ready(gms::model::Ticket ticket, gms::model::Index index) override;
  void view_installed(const gms::model::PlacedView& view) override;
  void restored(const gms::model::PlacedView& view) override;
  void stopped(const gms::model::Error& error) override;
  // gms::model::Application
  [[nodiscard]] gms::model::Result<std::optional<gms::model::Bytes>> open(
      gms::model::StateGeneration generation) override;
  [[nodiscard]] gms::model::Result<void> deliver(const gms::model::DeliveryBatch& batch) override;
  [[nodiscard]] gms::model::Result<void> install(const gms::model::PlacedView& view,
                                                 gms::model::ByteSpan mark) override;
  [[nodiscard]] std::optional<gms::model::StateSample> sample() const override;
  void quarantine() override;
  [[nodiscard]] gms::model::Index durable() const override;
  [[nodiscard]] bool is_behind() const override;
  void take_state(gms::model::OnStateTaken taken) override;
  [[nodiscard]] gms::model::Result<std::unique_ptr<gms::model::StateSink>> receive_state(
      std::vector<gms::model::StatePart> parts) override;
  [[nodiscard]] gms::model::Result<void> restore(std::unique_ptr<gms::model::StateSink> staged,
                                                 gms::model::StateGeneration generation,
                                                 gms::model::ByteSpan mark) override;
  void state_settled(gms::model::StateGeneration generation) override;
  // EventJournal::Listener
  void on_event(const api::EventReport& event) override;
  void on_leadership() override;
  void on_reason(const gms::core::TraceEvent& event) override;
  // ClientPort::Handler
  [[nodiscard]] gms::model::Result<api::Welcome> on_hello(const api::Hello& hello) override;
  void on_request(const Origin& origin, const api::Request& request) override;
  void on_closed(ConnectionKey connection) override;
  // Ordering
  [[nodiscard]] gms::model::Result<gms::model::Ticket> propose(
      gms::model::ByteSpan command) override;
  [[nodiscard]] gms::model::Result<gms::model::Ticket> read_barrier() override;
  [[nodiscard]] gms::model::Result<gms::model::Ticket> administer(
      const api::AdminQuery& query) override;

  /// Reads that this turn of the event loop was too short for.
  void serve_reads_later();
  void refresh_standing();
  void announce_if_ready();
  void tick();
  void tick_slowly(gms::model::Instant now);
  void note_damage(const gms::model::Error& error);
  /// The same, and another member's state is to take the place of this one's.
  void report_damage(const gms::model::Error& error);
  void measure_stall();
  void expire_sessions(gms::model::Instant now);
  void make_room(gms::model::Instant now);
  /// Has damage mended, and hands over while it cannot write.
  void look_after_store(gms::model::Instant now);
  void step_aside(gms::model::Instant now, const std::optional<gms::model::Error>& trouble);
  /// To the member that has most of the log; of several to another one than the last time.
  void hand_over();
  void work_on_deep_digest();
  void begin_to_stop();
  [[nodiscard]] bool has_handed_over() const;
  void finish();

  Settings settings_;
  const LineLog& log_;
  OnReady on_ready_;
  /// Waits for all to whom a state is given, who are told in the io_context.
  struct LastGiven {
    storage::RocksDirectories& directories;
    ~LastGiven() { directories.finish(); }
  };

  // Outlives the io_context, in which states may wait to be sent.
  storage::RocksDirectories directories_;
  boost::asio::io_context context_{1};
  // Ends before it, and after the store, which gives.
  LastGiven last_given_{directories_};
  boost::asio::signal_set signals_{context_};
  boost::asio::steady_timer ticker_{context_};

  EventJournal journal_;
  /// Where there is a witness: the journal and that.
  std::optional<EventTee> tee_;
  ViewHistory history_;
  ClientPort port_;
  Answers answers_;
  WriteDesk writes_;
  LoopStatistics loop_;
  SessionExpiry expiry_;
  RoomMaking room_;
  StepAside step_aside_;
  gms::model::MemberId successor_;
  std::unique_ptr<storage::RocksStore> store_;
  std::unique_ptr<storage::RocksExchange> states_;
  std::unique_ptr<replica::Replica> replica_;
  std::unique_ptr<gms::Group> group_;
  std::unique_ptr<MemberReport> report_;
  std::unique_ptr<RequestService> service_;

  Ready ready_;
  Failure end_{ExitCode::done, {}};
  /// The end of the log at the start: a view up to there was made before.
  gms::model::Index logged_before_;
  gms::model::Instant slow_tick_at_{};
  /// When the stop goes on even though something is still under way.
  std::optional<gms::model::Instant> finish_at_;
  bool apply_failed_ = false;
  /// Of the state of now, in the view of now.
  bool damage_reported_ = false;
  bool announced_ = false;
  bool refresh_posted_ = false;
  bool reads_posted_ = false;
  bool digesting_ = false;
};

}  // namespace kvstore::server
