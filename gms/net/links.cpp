#include "gms/net/links.hpp"

#include <algorithm>
#include <utility>

#include "gms/net/address.hpp"

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Error;
using model::ErrorCode;
using model::MemberId;
using model::Result;

namespace {

/// How long to wait when the process has no file descriptors left for a connection.
constexpr std::chrono::milliseconds kAcceptRetry{100};
/// Links to addresses that nobody has answered at yet.
constexpr std::size_t kSeekersMax = 32;
/// Addresses of which it is remembered how they failed. More than a member is ever given.
constexpr std::size_t kFailuresMax = 256;

Error refused(std::string why) {
  return {ErrorCode::conflict, std::move(why)};
}

Error refused_to(const model::GroupId& group) {
  return refused("another group: here is " + model::to_string(group) +
                 "; if that was founded anew, join it with a new data directory");
}

}  // namespace

std::shared_ptr<Links> Links::start(boost::asio::io_context& context, LinkSettings settings,
                                    tcp::acceptor acceptor, Ports ports) {
  auto links = std::make_shared<Links>(context, std::move(settings), std::move(acceptor), ports);
  links->accept_next();
  return links;
}

Links::Links(boost::asio::io_context& context, LinkSettings settings, tcp::acceptor acceptor,
             Ports ports)
    : context_(context),
      settings_(std::move(settings)),
      acceptor_(std::move(acceptor)),
      listener_(ports.listener),
      events_(ports.events),
      sweep_timer_(context),
      accept_timer_(context) {}

void Links::stop() {
  if (std::exchange(stopped_, true)) return;
  error_code ignored;
  acceptor_.close(ignored);
  sweep_timer_.cancel();
  accept_timer_.cancel();
  for (const auto& link : strangers_) link->stop();
  for (auto& [address, link] : seekers_) link->stop();
  for (auto& [member, peer] : peers_) {
    if (peer.outbound) peer.outbound->stop();
    for (const auto& link : peer.inbound) link->stop();
  }
}

// ---- who is there

Links::Peer* Links::find(const MemberId& member) {
  const auto found = peers_.find(member);
  return found == peers_.end() ? nullptr : &found->second;
}

Links::Peer& Links::peer_of(const MemberId& member) {
  return peers_.try_emplace(member, member).first->second;
}

Links::Peer* Links::peer_of(const OutboundLink& link) {
  Peer* peer = find(link.target().member);
  return peer != nullptr && peer->outbound.get() == &link ? peer : nullptr;
}

void Links::know(const MemberId& member, const std::string& address) {
  if (stopped_ || member == settings_.self) return;
  Peer& peer = peer_of(member);
  peer.wanted = true;
  if (!peer.address_is_its_own) {
    peer.address = address;
    if (peer.outbound) peer.outbound->set_address(address);
  }
  if (!peer.outbound) connect(member, peer);
}

void Links::forget(const MemberId& member) {
  Peer* peer = find(member);
  if (peer == nullptr) return;
  peer->wanted = false;
  start_sweep();
}

void Links::connect(const MemberId& member, Peer& peer) {
  peer.outbound =
      OutboundLink::start(context_, settings_, {member, peer.address}, *this, statistics_);
  if (!peer.wanted) start_sweep();
}

void Links::learn_address(Peer& peer, const std::string& address) {
  if (address.empty()) return;
  peer.address = address;
  peer.address_is_its_own = true;
  if (peer.outbound) peer.outbound->set_address(address);
}

// ---- sending

void Links::send(const core::Message& message) {
  if (stopped_) return;
  Peer* peer = find(message.to);
  if (peer != nullptr && !peer->outbound && !peer->address.empty()) connect(message.to, *peer);
  if (peer == nullptr || !peer->outbound) {
    ++statistics_.messages_dropped;
    return;
  }
  peer->outbound->add(encoder_, message);
}

void Links::send_to_address(const std::string& address, const core::Message& message) {
  if (stopped_) return;
  for (auto& [member, peer] : peers_)
    if (peer.outbound && peer.outbound->is_open() && peer.outbound->target().address == address)
      return peer.outbound->add(encoder_, message);
  auto seeker = seekers_.find(address);
  if (seeker == seekers_.end()) {
    if (seekers_.size() >= kSeekersMax) {
      ++statistics_.messages_dropped;
      return;
    }
    auto link = OutboundLink::start(context_, settings_, {{}, address}, *this, statistics_);
    seeker = seekers_.emplace(address, std::move(link)).first;
    start_sweep();
  }
  seeker->second->add(encoder_, message);
}

void Links::flush() {
  for (auto& [member, peer] : peers_)
    if (peer.outbound) peer.outbound->flush();
  for (auto& [address, link] : seekers_) link->flush();
}

// ---- outbound links

wire::Hello Links::hello_to(const MemberId& to) {
  return {settings_.group, settings_.self, settings_.boot, to, settings_.advertised_address};
}

Result<void> Links::check(const wire::Hello& hello) const {
  const bool groups_differ = hello.group != settings_.group;
  if (groups_differ && !hello.group.is_none() && !settings_.group.is_none())
    return refused_to(settings_.group);
  if (!hello.to.is_none() && hello.to != settings_.self)
    return refused("meant for another member or incarnation");
  if (hello.from.is_none() || hello.from == settings_.self)
    return refused("not the name of another member");
  const auto known = peers_.find(hello.from);
  if (known != peers_.end() && hello.boot < known->second.presence.boot())
    return refused("an earlier boot of this member");
  return {};
}

Result<void> Links::on_welcome(OutboundLink& link, const wire::Hello& welcome) {
  if (auto checked = check(welcome); !checked) return checked;
  const MemberId& meant = link.target().member;
  if (!meant.is_none() && meant != welcome.from)
    return refused("another member or incarnation listens there");
  failures_.erase(link.target().address);
  if (meant.is_none()) adopt(link, welcome.from);
  Peer* peer = peer_of(link);
  // A second way to a member whose link is open only carries what was meant for its address.
  if (peer == nullptr) return {};
  peer->last_failure.clear();
  learn_address(*peer, welcome.address);
  close_older_boots(*peer, welcome.boot);
  peer->outbound_boot = welcome.boot;
  ++peer->connects;
  report(LinkEventKind::connected, welcome.from, peer->address, "");
  tell(peer->presence.outbound_opened(welcome.boot));
  return {};
}

void Links::adopt(OutboundLink& link, const MemberId& member) {
  const auto seeker = seekers_.find(link.target().address);
  if (seeker == seekers_.end() || seeker->second.get() != &link) return;
  Peer& peer = peer_of(member);
  // An open link stays; one that is trying gives way to the one that has arrived.
  if (peer.outbound && peer.outbound->is_open()) return;
  if (peer.outbound) peer.outbound->stop();
  peer.outbound = std::move(seeker->second);
  seekers_.erase(seeker);
  link.set_member(member);
}

void Links::on_outbound_closed(OutboundLink& link, const std::string& why) {
  Peer* peer = peer_of(link);
  if (peer == nullptr) return;
  report(LinkEventKind::closed, link.target().member, peer->address, why);
  tell(peer->presence.outbound_closed());
}

bool Links::is_news(Peer* peer, const std::string& address, const std::string& why) {
  if (peer != nullptr) return std::exchange(peer->last_failure, why) != why;
  if (failures_.size() >= kFailuresMax) failures_.clear();
  return std::exchange(failures_[address], why) != why;
}

void Links::on_attempt_failed(OutboundLink& link, const std::string& why) {
  if (!is_news(peer_of(link), link.target().address, why)) return;
  report(LinkEventKind::unreachable, link.target().member, link.target().address, why);
}

void Links::on_nobody_listens(OutboundLink& link, const std::string& why) {
  on_attempt_failed(link, why);
  if (Peer* peer = peer_of(link)) tell(peer->presence.nobody_listens());
}

void Links::on_link_broken(const std::string& why) {
  listener_.on_links_broken({ErrorCode::io, why});
}

// ---- inbound links

std::size_t Links::inbound_count() const {
  std::size_t count = strangers_.size();
  for (const auto& [member, peer] : peers_) count += peer.inbound.size();
  return count;
}

void Links::accept_next() {
  if (stopped_ || accepting_ || inbound_count() >= settings_.inbound_max) return;
  accepting_ = true;
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
    self->accepting_ = false;
    self->accepted(error, std::move(socket));
  });
}

void Links::accepted(const error_code& error, tcp::socket socket) {
  if (stopped_) return;
  if (error) {
    accept_timer_.expires_after(kAcceptRetry);
    return accept_timer_.async_wait(
        [self = shared_from_this()](const error_code&) { self->accept_next(); });
  }
  strangers_.insert(InboundLink::start(std::move(socket), settings_, *this, statistics_));
  accept_next();
}

Result<wire::Hello> Links::on_hello(InboundLink& link, const wire::Hello& hello) {
  if (auto checked = check(hello); !checked) return checked.error();
  Peer& peer = peer_of(hello.from);
  const auto self = link.shared_from_this();
  strangers_.erase(self);
  learn_address(peer, hello.address);
  close_older_boots(peer, hello.boot);
  peer.inbound.push_back(self);
  if (!peer.wanted) start_sweep();
  if (peer.outbound) peer.outbound->hurry();
  // What was open to the life before ends at a host that may be gone, and never say so.
  if (peer.outbound && peer.outbound_boot < hello.boot) peer.outbound->renew();
  report(LinkEventKind::accepted, hello.from, link.remote(), "");
  tell(peer.presence.inbound_opened(hello.boot));
  if (peer.inbound.size() > settings_.inbound_per_member_max) close_oldest(peer);
  accept_next();
  return hello_to(hello.from);
}

void Links::close_oldest(Peer& peer) {
  const auto oldest = peer.inbound.front();
  oldest->stop();
  peer.inbound.erase(peer.inbound.begin());
  tell(peer.presence.inbound_closed(oldest->boot()));
}

void Links::close_older_boots(Peer& peer, model::BootSeq boot) {
  const auto is_over = [&](const std::shared_ptr<InboundLink>& link) {
    if (link->boot() >= boot) return false;
    link->stop();
    return true;
  };
  std::erase_if(peer.inbound, is_over);
}

Result<void> Links::on_state_hello(const wire::StateHello& hello) {
  if (hello.to.is_none()) return refused("meant for nobody");
  return check({hello.group, hello.from, hello.boot, hello.to, {}});
}

void Links::on_state_connection(InboundLink& link, tcp::socket socket,
                                const wire::StateHello& hello) {
  strangers_.erase(link.shared_from_this());
  report(LinkEventKind::accepted, hello.from, link.remote(), "for a snapshot");
  listener_.on_state_connection(std::move(socket), hello);
  accept_next();
}

void Links::on_message(core::Message message) {
  listener_.on_link_input(core::Received{std::move(message)});
}

void Links::on_inbound_ended(InboundLink& link, InboundLink::End end, const std::string& why) {
  const auto self = link.shared_from_this();
  if (end == InboundLink::End::refused) ++statistics_.connections_refused;
  const bool was_stranger = strangers_.erase(self) > 0;
  // A port check that connects and goes again is not worth a line.
  if (end == InboundLink::End::refused || !was_stranger)
    report(end == InboundLink::End::refused ? LinkEventKind::refused : LinkEventKind::closed,
           link.member(), link.remote(), why);
  if (Peer* peer = find(link.member()); peer != nullptr && std::erase(peer->inbound, self) > 0) {
    if (peer->outbound) peer->outbound->hurry();
    tell(peer->presence.inbound_closed(link.boot()));
    drop_if_forgotten(link.member());
  }
  accept_next();
}

void Links::drop_if_forgotten(const MemberId& member) {
  const Peer* peer = find(member);
  if (peer != nullptr && !peer->wanted && !peer->outbound && peer->inbound.empty())
    peers_.erase(member);
}

void Links::tell(const PresenceNews& news) {
  // The listener may stop the links in between.
  if (news.disconnected && !stopped_) listener_.on_link_input(*news.disconnected);
  if (news.down && !stopped_) listener_.on_link_input(*news.down);
  if (news.connected && !stopped_) listener_.on_link_input(*news.connected);
}

void Links::report(LinkEventKind kind, const MemberId& member, std::string address,
                   std::string detail) {
  events_.on_link({kind, member, std::move(address), std::move(detail)});
}

// ---- links that nobody uses any more

void Links::start_sweep() {
  if (stopped_ || std::exchange(sweeping_, true)) return;
  sweep_timer_.expires_after(settings_.unused_after);
  sweep_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    self->sweeping_ = false;
    if (!error) self->sweep();
  });
}

bool Links::is_unused(const OutboundLink& link) const {
  return std::chrono::steady_clock::now() - link.last_used() >= settings_.unused_after;
}

void Links::sweep() {
  if (stopped_) return;
  bool again = false;
  for (auto peer = peers_.begin(); peer != peers_.end();) {
    auto& [member, state] = *peer;
    if (!state.wanted && state.outbound && is_unused(*state.outbound)) {
      state.outbound->stop();
      state.outbound.reset();
      tell(state.presence.outbound_closed());
    }
    const bool unwanted = !state.wanted && !state.outbound;
    again = again || (!state.wanted && state.outbound);
    peer = unwanted && state.inbound.empty() ? peers_.erase(peer) : std::next(peer);
  }
  std::erase_if(seekers_, [&](auto& seeker) {
    if (!is_unused(*seeker.second)) return false;
    seeker.second->stop();
    return true;
  });
  if (again || !seekers_.empty()) start_sweep();
}

LinkStatistics Links::statistics() const {
  LinkStatistics out = statistics_;
  for (const auto& [member, peer] : peers_) {
    LinkStatus link;
    link.member = member;
    link.address = peer.address;
    link.outbound_open = peer.outbound && peer.outbound->is_open();
    link.inbound_open = peer.inbound.size();
    link.boot = peer.presence.boot();
    link.queued_bytes = peer.outbound ? peer.outbound->queued_bytes() : 0;
    link.connects = peer.connects;
    out.links.push_back(std::move(link));
  }
  return out;
}

}  // namespace gms::net
