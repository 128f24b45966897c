#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "gms/net/link_settings.hpp"
#include "gms/net/status.hpp"
#include "gms/wire/message_codec.hpp"
#include "gms/wire/state_codec.hpp"

namespace gms::net {

/// A connection that a peer made, on which its messages arrive. Ends with the connection, or with
/// its first frame when the peer made it to pull a snapshot.
///
/// Guarantee: hands on only whole messages that say they are from the member and boot of the
/// handshake, in order; whatever else comes drops the connection.
/// Thread rule: the io_context's thread. Ownership: as of OutboundLink.
class InboundLink : public std::enable_shared_from_this<InboundLink> {
 public:
  /// Why a link ended.
  enum class End : std::uint8_t {
    /// The peer closed it, or the way to it broke.
    closed,
    /// What came over it, or did not come in time, was refused.
    refused,
  };

  /// Whose link it is. May stop the link in any call.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// A peer introduces itself. The answer is the welcome, or why it is refused.
    [[nodiscard]] virtual model::Result<wire::Hello> on_hello(InboundLink& link,
                                                              const wire::Hello& hello) = 0;
    /// A peer wants a snapshot; an error is why it is refused.
    [[nodiscard]] virtual model::Result<void> on_state_hello(const wire::StateHello& hello) = 0;
    /// It was not refused: the connection is the owner's, the link has ended, and nothing follows.
    virtual void on_state_connection(InboundLink& link, boost::asio::ip::tcp::socket socket,
                                     const wire::StateHello& hello) = 0;
    virtual void on_message(core::Message message) = 0;
    /// The link ended, after all messages that came over it; nothing follows.
    virtual void on_inbound_ended(InboundLink& link, End end, const std::string& why) = 0;
  };

  /// Starts the handshake. `statistics` and `owner` outlive the call of stop().
  [[nodiscard]] static std::shared_ptr<InboundLink> start(boost::asio::ip::tcp::socket socket,
                                                          const LinkSettings& settings,
                                                          Owner& owner, LinkStatistics& statistics);

  /// Use start(). Constructs an idle link.
  InboundLink(boost::asio::ip::tcp::socket socket, const LinkSettings& settings, Owner& owner,
              LinkStatistics& statistics);

  /// The other end of the connection.
  [[nodiscard]] const std::string& remote() const { return remote_; }
  /// Who introduced itself and was not refused; none before.
  [[nodiscard]] const model::MemberId& member() const { return peer_.from; }
  [[nodiscard]] model::BootSeq boot() const { return peer_.boot; }

  void stop();

 private:
  struct Ending {
    End end = End::closed;
    std::string why;
  };

  static boost::asio::awaitable<void> run(std::shared_ptr<InboundLink> self);
  boost::asio::awaitable<Ending> shake_hands();
  [[nodiscard]] Ending take_state_hello(const wire::Frame& frame);
  boost::asio::awaitable<Ending> receive();
  [[nodiscard]] model::Result<void> take(std::size_t received);
  [[nodiscard]] model::Result<void> take_frames();
  [[nodiscard]] model::Result<void> take_frame(const wire::Frame& frame);
  void start_deadline();
  /// Sees to it that a frame that has begun ends, or another one does.
  void watch_beginning();
  void end(const Ending& ending);

  Owner* owner_;
  const LinkSettings settings_;
  LinkStatistics* statistics_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  std::string remote_;
  wire::FrameReader reader_;
  wire::Hello peer_;
  bool established_ = false;
  bool timed_out_ = false;
  /// Frames taken, and whether the deadline is for the next.
  std::uint64_t frames_ = 0;
  bool watching_ = false;
};

}  // namespace gms::net
