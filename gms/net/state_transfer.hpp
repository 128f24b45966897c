#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <thread>

#include "gms/core/input.hpp"
#include "gms/model/application.hpp"
#include "gms/net/state_fetch.hpp"
#include "gms/net/state_shelf.hpp"
#include "gms/net/status.hpp"

namespace gms::net {

/// Moves snapshots between this member and others on a thread of its own, so that neither the bulk
/// nor a slow disk holds up the group's thread.
///
/// Sources and sinks are read, written and destroyed on that thread, which starts with the first of
/// them. Thread rule: every method on the group's thread, where the owner and the application are
/// called. Ownership: shared by its owner and the calls that are under way between the threads; it
/// calls nobody after stop(), and keeps nothing of the application's.
class StateTransfer : public std::enable_shared_from_this<StateTransfer>,
                      private StateFetch::Owner {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// SnapshotProgress, SnapshotStaged or SnapshotFetchFailed.
    virtual void on_transfer_input(core::Input input) = 0;
    /// A source did not answer; it is asked again.
    virtual void on_source_unreachable(const model::SnapshotMeta& meta, const std::string& why) = 0;
  };

  /// `group` is the group's thread. What is referred to outlives the call of stop().
  StateTransfer(boost::asio::io_context& group, TransferSettings settings,
                model::Application& application, Owner& owner);
  ~StateTransfer() override;

  /// A joiner has learnt its group.
  void set_group(const model::GroupId& group) { settings_.group = group; }

  /// Lets others pull a snapshot until it is released, and for a while after.
  void put(model::SnapshotId id, std::unique_ptr<model::StateSource> source);
  void release(model::SnapshotId id);
  /// Nobody may pull any of them any more: this member's state is of no use to others.
  void withdraw();
  /// Goes on with a connection whose StateHello was for this member.
  void serve(boost::asio::ip::tcp::socket socket, model::SnapshotId id);

  /// Brings a snapshot here, in place of the one that is fetched or staged, if there is one.
  void fetch(const model::SnapshotMeta& meta);
  /// Drops that snapshot, if it is fetched or staged.
  void cancel(model::SnapshotId id);
  /// The sink of a snapshot that is staged; null if that is another or none.
  [[nodiscard]] std::unique_ptr<model::StateSink> take_staged(model::SnapshotId id);

  [[nodiscard]] TransferStatistics statistics() const;

  /// Ends everything and waits for it. Idempotent.
  void stop();

 private:
  // StateFetch::Owner, on the transfer's thread.
  void on_parts(StateFetch& fetch) override;
  void on_progress(StateFetch& fetch, std::uint64_t bytes) override;
  void on_staged(StateFetch& fetch) override;
  void on_fetch_failed(StateFetch& fetch, const model::Error& error) override;
  void on_attempt_failed(StateFetch& fetch, const std::string& why) override;

  /// Runs `act(self)` on the group's thread, unless the fetch is over by then.
  template <class Act>
  void tell(StateFetch& fetch, Act act);
  /// Runs `act` on the transfer's thread.
  template <class Act>
  void order(Act act);
  void receive_state() noexcept;
  void drop_fetch();

  boost::asio::io_context& group_;
  TransferSettings settings_;
  model::Application& application_;
  Owner& owner_;
  TransferCounters counters_;
  std::uint64_t fetches_failed_ = 0;
  bool staged_ = false;
  bool stopped_ = false;

  /// The transfer's thread runs this; what belongs to that thread ends before it.
  std::unique_ptr<boost::asio::io_context> context_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::shared_ptr<StateShelf> shelf_;
  std::shared_ptr<StateFetch> fetch_;
  std::thread thread_;
};

}  // namespace gms::net
