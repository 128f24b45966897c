#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gms/model/state_transfer.hpp"
#include "gms/net/token_bucket.hpp"
#include "gms/net/transfer_counters.hpp"
#include "gms/net/transfer_settings.hpp"
#include "gms/wire/message_codec.hpp"
#include "gms/wire/state_codec.hpp"

namespace gms::net {

/// Brings one snapshot from its source here: connects, learns the parts, pulls them in order into a
/// sink, a few chunks ahead, and finishes the sink. A connection that breaks is made anew, and what
/// is written already is not pulled again.
///
/// Guarantee: bytes reach the sink once, in order, and as they were sent; nothing is pulled that
/// the window has no room for, so memory is bounded however slow the sink is.
/// Thread rule: the io_context's thread, which the sink may block; take_sink() on any, after
/// on_staged(). Ownership: shared by its owner and its own pending operations; it does not call the
/// owner after stop().
class StateFetch : public std::enable_shared_from_this<StateFetch> {
 public:
  /// Whose fetch it is. May stop it in any call.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// What the source has. begin() is to be called with a place for it, not within this call.
    virtual void on_parts(StateFetch& fetch) = 0;
    /// So many bytes are in the sink.
    virtual void on_progress(StateFetch& fetch, std::uint64_t bytes) = 0;
    /// All is in the sink and the sink is finished; nothing follows.
    virtual void on_staged(StateFetch& fetch) = 0;
    /// The end; the sink is gone and nothing follows.
    virtual void on_fetch_failed(StateFetch& fetch, const model::Error& error) = 0;
    /// An attempt failed; another will follow.
    virtual void on_attempt_failed(StateFetch& fetch, const std::string& why) = 0;
  };

  /// What is referred to outlives the call of stop().
  StateFetch(boost::asio::io_context& context, const TransferSettings& settings,
             model::SnapshotMeta meta, Owner& owner, TransferCounters& counters);

  [[nodiscard]] const model::SnapshotMeta& meta() const { return meta_; }
  /// Known, and not changed any more, from on_parts() on.
  [[nodiscard]] const std::vector<model::StatePart>& parts() const { return parts_; }

  /// Starts to connect.
  void start();
  /// Where the bytes go, or why nowhere: then the fetch has failed.
  void begin(model::Result<std::unique_ptr<model::StateSink>> sink);
  /// The finished sink. Precondition: on_staged() was called.
  [[nodiscard]] std::unique_ptr<model::StateSink> take_sink() { return std::move(sink_); }
  /// Ends the fetch and destroys the sink, whether finished or not. Idempotent.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  /// A place in the parts.
  struct Place {
    std::size_t part = 0;
    std::uint64_t offset = 0;
  };

  static boost::asio::awaitable<void> run(std::shared_ptr<StateFetch> self);
  void spawn();
  /// Connects if need be, and pulls until all is there, or until the sink is needed.
  boost::asio::awaitable<model::Result<void>> attempt();
  boost::asio::awaitable<model::Result<void>> connect();
  boost::asio::awaitable<model::Result<void>> read_parts();
  boost::asio::awaitable<model::Result<void>> pull_all();
  /// The next frame, of that type.
  boost::asio::awaitable<model::Result<wire::Frame>> receive(wire::PeerFrame type,
                                                             std::chrono::milliseconds within);
  boost::asio::awaitable<void> pause(Clock::duration time);

  [[nodiscard]] model::Result<void> add_page(const wire::Frame& frame);
  [[nodiscard]] model::Result<void> accept_parts();
  void ask();
  [[nodiscard]] std::optional<wire::StatePull> next_pull();
  [[nodiscard]] model::Result<void> take_chunk(const wire::Frame& frame);
  [[nodiscard]] model::Result<void> write(const wire::StateChunk& chunk);
  /// Leaves the parts that are whole behind, and writes those that have no bytes.
  [[nodiscard]] model::Result<void> pass_whole_parts();
  [[nodiscard]] bool is_complete() const { return written_.part == parts_.size(); }
  [[nodiscard]] bool is_stopped() const { return owner_ == nullptr; }
  [[nodiscard]] bool may_try_again();
  [[nodiscard]] model::Error broken(const model::Error& error) const;
  void disconnect();
  void watch();
  void finish();
  void fail(const model::Error& error);

  Owner* owner_;
  const TransferSettings settings_;
  const model::SnapshotMeta meta_;
  TransferCounters& counters_;
  Backoff backoff_;
  TokenBucket bucket_;
  boost::asio::ip::tcp::socket socket_;
  /// Ends pauses.
  boost::asio::steady_timer timer_;
  /// Reports progress and ends what takes too long.
  boost::asio::steady_timer watch_;
  std::optional<Clock::time_point> deadline_;
  bool timed_out_ = false;
  bool connected_ = false;
  /// The parts or the place for them are not to be had, whoever is asked again.
  bool hopeless_ = false;
  unsigned failures_ = 0;

  bool parts_known_ = false;
  std::vector<model::StatePart> parts_;
  /// As they come over this connection.
  std::vector<model::StatePart> listed_;
  std::optional<std::uint32_t> listed_total_;
  std::unique_ptr<model::StateSink> sink_;

  wire::FrameReader reader_;
  wire::FrameWriter frames_;
  std::deque<wire::StatePull> in_flight_;
  /// What is asked for next, and what is written next.
  Place asked_;
  Place written_;
  std::uint64_t bytes_ = 0;
  std::uint64_t reported_ = 0;
};

}  // namespace gms::net
