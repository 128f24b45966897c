#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "gms/model/state_transfer.hpp"
#include "gms/net/transfer_counters.hpp"
#include "gms/net/transfer_settings.hpp"
#include "gms/wire/frame.hpp"

namespace gms::net {

/// A connection on which another member pulls a snapshot. Ends with the connection, or when what
/// comes over it is no pull.
///
/// Guarantee: one chunk is in memory at a time. Thread rule: the thread of the socket's executor,
/// which reads of the source may block. Ownership: shared by its owner and its own pending
/// operations; it neither calls the owner nor uses the source after stop().
class StateServing : public std::enable_shared_from_this<StateServing> {
 public:
  /// Whose connection it is. May stop it in any call.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// A chunk is on its way.
    virtual void on_pulled(StateServing& serving) = 0;
    /// The connection ended; nothing follows.
    virtual void on_serving_ended(StateServing& serving) = 0;
  };

  struct Snapshot {
    model::SnapshotId id;
    model::StateSource& source;
  };

  /// Sends the parts and waits for pulls. Calls the owner only after it has returned. What is
  /// referred to outlives the call of stop().
  [[nodiscard]] static std::shared_ptr<StateServing> start(boost::asio::ip::tcp::socket socket,
                                                           const TransferSettings& settings,
                                                           Snapshot snapshot, Owner& owner,
                                                           TransferCounters& counters);

  /// Use start(). Constructs an idle connection.
  StateServing(boost::asio::ip::tcp::socket socket, const TransferSettings& settings,
               Snapshot snapshot, Owner& owner, TransferCounters& counters);

  [[nodiscard]] model::SnapshotId snapshot() const { return snapshot_.id; }

  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  static boost::asio::awaitable<void> run(std::shared_ptr<StateServing> self);
  boost::asio::awaitable<void> serve();
  [[nodiscard]] model::Result<void> answer(const wire::Frame& frame);
  void watch();
  void end();

  Owner* owner_;
  Snapshot snapshot_;
  TransferCounters& counters_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer watch_;
  const std::chrono::milliseconds idle_max_;
  Clock::time_point last_used_;
  wire::FrameReader reader_;
  wire::FrameWriter frames_;
  /// Of the chunk that is being sent, used for all.
  std::shared_ptr<std::byte[]> buffer_;
};

}  // namespace gms::net
