#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <set>

#include "gms/net/state_serving.hpp"

namespace gms::net {

/// The snapshots of this member's state that others may pull, and the connections on which they do.
///
/// Guarantee: a snapshot stays until it was released and then for a while after it was last pulled;
/// memory is bounded by TransferSettings, whatever comes. Thread rule: the io_context's thread,
/// which may block for the sources' reads. Ownership: shared by its owner and its own pending
/// operations; the counters outlive the call of stop().
class StateShelf : public std::enable_shared_from_this<StateShelf>, private StateServing::Owner {
 public:
  StateShelf(boost::asio::io_context& context, const TransferSettings& settings,
             TransferCounters& counters);

  void put(model::SnapshotId id, std::unique_ptr<model::StateSource> source);
  void release(model::SnapshotId id);
  /// Nobody gets any of them any more, not even who is in the middle of it.
  void withdraw();
  /// Answers a StateHello for `id` that was found to be meant for this member.
  void serve(boost::asio::ip::tcp::socket socket, model::SnapshotId id);

  [[nodiscard]] std::size_t snapshot_count() const { return snapshots_.size(); }
  [[nodiscard]] std::size_t serving_count() const { return servings_.size(); }

  /// Closes all connections and gives up all snapshots. Idempotent.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  struct Snapshot {
    std::unique_ptr<model::StateSource> source;
    bool released = false;
    Clock::time_point last_used;
    std::size_t servings = 0;

    [[nodiscard]] bool can_go() const { return released && servings == 0; }
  };

  // StateServing::Owner
  void on_pulled(StateServing& serving) override;
  void on_serving_ended(StateServing& serving) override;

  void drop_what_is_over();
  void drop_oldest_released();
  void arm_timer();

  const TransferSettings settings_;
  TransferCounters& counters_;
  boost::asio::steady_timer timer_;
  std::map<model::SnapshotId, Snapshot> snapshots_;
  std::set<std::shared_ptr<StateServing>> servings_;
  bool stopped_ = false;
};

}  // namespace gms::net
