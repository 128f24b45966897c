#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gms/core/input.hpp"
#include "gms/net/event_sink.hpp"
#include "gms/net/inbound_link.hpp"
#include "gms/net/outbound_link.hpp"
#include "gms/net/presence.hpp"

namespace gms::net {

/// Hears what comes over the links.
class LinksListener {
 public:
  virtual ~LinksListener() = default;
  /// Received, PeerConnected, PeerDisconnected or PeerDown, in the order of [DC7]. May stop the
  /// links.
  virtual void on_link_input(core::Input input) = 0;
  /// A peer has connected to pull a snapshot, and was found to be of this group and to mean this
  /// member. The connection is the listener's from here on.
  virtual void on_state_connection(boost::asio::ip::tcp::socket socket,
                                   const wire::StateHello& hello) = 0;
  /// A part of the links ended by an exception.
  virtual void on_links_broken(model::Error error) = 0;
};

/// The connections of one member: to each peer one on which messages leave, from each peer those on
/// which they arrive.
///
/// Guarantee: a message is delivered at most once for each time it is sent, or dropped; what
/// arrives is of this group, for this member, and from the member and boot that shook hands. Memory
/// is bounded by LinkSettings, whatever comes. Thread rule: the io_context's thread. Ownership:
/// shared by its owner and its own pending operations; it calls nobody after stop(). The listener
/// and the sink outlive the call of stop().
class Links : public std::enable_shared_from_this<Links>,
              private OutboundLink::Owner,
              private InboundLink::Owner {
 public:
  struct Ports {
    LinksListener& listener;
    EventSink& events;
  };

  /// Starts to accept connections.
  [[nodiscard]] static std::shared_ptr<Links> start(boost::asio::io_context& context,
                                                    LinkSettings settings,
                                                    boost::asio::ip::tcp::acceptor acceptor,
                                                    Ports ports);

  /// Use start(). Constructs links that accept nothing.
  Links(boost::asio::io_context& context, LinkSettings settings,
        boost::asio::ip::tcp::acceptor acceptor, Ports ports);

  /// A joiner has learnt its group.
  void set_group(const model::GroupId& group) { settings_.group = group; }

  /// Keeps a link to `member` from now on. `address` counts until the member itself tells another.
  void know(const model::MemberId& member, const std::string& address);
  /// No link to `member` is needed; one that is not used ends after a while.
  void forget(const model::MemberId& member);

  /// Queues a message for its receiver; flush() lets it leave. Dropped when no way to it is known.
  void send(const core::Message& message);
  /// Queues a message for whoever listens at `address`.
  void send_to_address(const std::string& address, const core::Message& message);
  /// One gather write for each link that has messages.
  void flush();

  [[nodiscard]] LinkStatistics statistics() const;

  /// Closes everything. Idempotent.
  void stop();

 private:
  struct Peer {
    explicit Peer(const model::MemberId& member) : presence(member) {}

    Presence presence;
    std::string address;
    /// Learnt from the member's own hello, not from a view.
    bool address_is_its_own = false;
    bool wanted = false;
    std::shared_ptr<OutboundLink> outbound;
    /// Of whoever welcomed the outbound link last.
    model::BootSeq outbound_boot;
    std::vector<std::shared_ptr<InboundLink>> inbound;
    std::uint64_t connects = 0;
    /// Why the latest attempt to connect failed, until one succeeds.
    std::string last_failure;
  };

  // OutboundLink::Owner
  wire::Hello hello_to(const model::MemberId& to) override;
  model::Result<void> on_welcome(OutboundLink& link, const wire::Hello& welcome) override;
  void on_outbound_closed(OutboundLink& link, const std::string& why) override;
  void on_attempt_failed(OutboundLink& link, const std::string& why) override;
  void on_nobody_listens(OutboundLink& link, const std::string& why) override;
  void on_link_broken(const std::string& why) override;
  // InboundLink::Owner
  model::Result<wire::Hello> on_hello(InboundLink& link, const wire::Hello& hello) override;
  model::Result<void> on_state_hello(const wire::StateHello& hello) override;
  void on_state_connection(InboundLink& link, boost::asio::ip::tcp::socket socket,
                           const wire::StateHello& hello) override;
  void on_message(core::Message message) override;
  void on_inbound_ended(InboundLink& link, InboundLink::End end, const std::string& why) override;

  void accept_next();
  void accepted(const boost::system::error_code& error, boost::asio::ip::tcp::socket socket);
  [[nodiscard]] std::size_t inbound_count() const;
  [[nodiscard]] model::Result<void> check(const wire::Hello& hello) const;
  [[nodiscard]] Peer* find(const model::MemberId& member);
  Peer& peer_of(const model::MemberId& member);
  /// The peer whose outbound link this is; null for one to an address whose member is not known.
  [[nodiscard]] Peer* peer_of(const OutboundLink& link);
  void connect(const model::MemberId& member, Peer& peer);
  void adopt(OutboundLink& link, const model::MemberId& member);
  void learn_address(Peer& peer, const std::string& address);
  /// Forgets a peer that nobody wants and to whom there is no link.
  void drop_if_forgotten(const model::MemberId& member);
  void close_oldest(Peer& peer);
  void close_older_boots(Peer& peer, model::BootSeq boot);
  void tell(const PresenceNews& news);
  /// Whether attempts to reach a member, or whoever is at an address, did not fail so before.
  [[nodiscard]] bool is_news(Peer* peer, const std::string& address, const std::string& why);
  void report(LinkEventKind kind, const model::MemberId& member, std::string address,
              std::string detail);
  void start_sweep();
  void sweep();
  [[nodiscard]] bool is_unused(const OutboundLink& link) const;

  boost::asio::io_context& context_;
  LinkSettings settings_;
  boost::asio::ip::tcp::acceptor acceptor_;
  LinksListener& listener_;
  EventSink& events_;
  wire::MessageEncoder encoder_;
  LinkStatistics statistics_;
  boost::asio::steady_timer sweep_timer_;
  boost::asio::steady_timer accept_timer_;
  bool sweeping_ = false;
  bool accepting_ = false;
  bool stopped_ = false;

  std::map<model::MemberId, Peer> peers_;
  /// Links to addresses whose member is not known yet.
  std::map<std::string, std::shared_ptr<OutboundLink>> seekers_;
  /// Why the latest attempt to connect to such an address failed, until one succeeds. Outlives the
  /// links, which end when they are not used for a while.
  std::map<std::string, std::string> failures_;
  /// Inbound links whose handshake is not done.
  std::set<std::shared_ptr<InboundLink>> strangers_;
};

}  // namespace gms::net
