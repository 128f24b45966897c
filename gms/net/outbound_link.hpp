#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "gms/net/backoff.hpp"
#include "gms/net/link_settings.hpp"
#include "gms/net/status.hpp"
#include "gms/wire/message_codec.hpp"

namespace gms::net {

/// The connection on which messages to one peer leave. Connects, shakes hands, connects again after
/// a close, until it is stopped.
///
/// Messages given while it connects wait for the handshake; those given while it pauses after a
/// failure are dropped, as are those that waited when it fails.
/// Thread rule: the io_context's thread. Ownership: shared by its owner and its own pending
/// operations; it does not call the owner after stop().
class OutboundLink : public std::enable_shared_from_this<OutboundLink> {
 public:
  /// Whose link it is. May stop the link in any call.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// What to introduce oneself with to `to`, who may be none.
    [[nodiscard]] virtual wire::Hello hello_to(const model::MemberId& to) = 0;
    /// The peer's introduction; an error refuses it. Otherwise the link is open.
    [[nodiscard]] virtual model::Result<void> on_welcome(OutboundLink& link,
                                                         const wire::Hello& welcome) = 0;
    /// The link was open and is no longer; it will connect again.
    virtual void on_outbound_closed(OutboundLink& link, const std::string& why) = 0;
    /// An attempt failed; another will follow.
    virtual void on_attempt_failed(OutboundLink& link, const std::string& why) = 0;
    /// As on_attempt_failed(), because no process listens at the address.
    virtual void on_nobody_listens(OutboundLink& link, const std::string& why) = 0;
    /// The link ended by an exception; it does not connect again.
    virtual void on_link_broken(const std::string& why) = 0;
  };

  /// Who is meant to be at the other end: none takes whoever listens there.
  struct Target {
    model::MemberId member;
    std::string address;
  };

  /// Starts to connect. `statistics` and `owner` outlive the call of stop().
  [[nodiscard]] static std::shared_ptr<OutboundLink> start(boost::asio::io_context& context,
                                                           const LinkSettings& settings,
                                                           Target target, Owner& owner,
                                                           LinkStatistics& statistics);

  /// Use start(). Constructs an idle link.
  OutboundLink(boost::asio::io_context& context, const LinkSettings& settings, Target target,
               Owner& owner, LinkStatistics& statistics);

  [[nodiscard]] const Target& target() const { return target_; }
  /// Binds a link to whoever answered at its address.
  void set_member(const model::MemberId& member) { target_.member = member; }
  /// Where to connect from the next attempt on.
  void set_address(const std::string& address) { target_.address = address; }

  [[nodiscard]] bool is_open() const { return state_ == State::open; }
  [[nodiscard]] std::size_t queued_bytes() const { return frames_.bytes(); }
  [[nodiscard]] std::chrono::steady_clock::time_point last_used() const { return last_used_; }

  /// Queues a message; it leaves with the next flush(). May drop it or all that is queued.
  void add(wire::MessageEncoder& encoder, const core::Message& message);
  /// Writes all that is queued, as far as the socket takes it; the rest follows by itself.
  void flush();
  /// Ends a pause between attempts.
  void hurry();
  /// Gives up the connection, if it is open, and what is queued, and makes another.
  void renew();
  void stop();

 private:
  enum class State : std::uint8_t { pausing, connecting, open, stopped };

  static boost::asio::awaitable<void> run(std::shared_ptr<OutboundLink> self);
  boost::asio::awaitable<void> live_once();
  boost::asio::awaitable<model::Result<void>> connect();
  boost::asio::awaitable<model::Result<void>> connect_socket();
  boost::asio::awaitable<model::Result<void>> shake_hands();
  boost::asio::awaitable<std::string> wait_for_close();
  boost::asio::awaitable<void> pause();
  void fail_attempt(const model::Error& error);
  void start_deadline();
  void drop_queue();

  Owner* owner_;
  const LinkSettings settings_;
  LinkStatistics* statistics_;
  Target target_;
  Backoff backoff_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  State state_ = State::connecting;
  bool waits_for_room_ = false;
  bool timed_out_ = false;
  std::uint64_t attempt_ = 0;
  wire::FrameWriter frames_;
  std::size_t queued_messages_ = 0;
  std::chrono::steady_clock::time_point last_used_;
};

}  // namespace gms::net
