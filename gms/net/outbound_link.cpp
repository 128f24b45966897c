#include "gms/net/outbound_link.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "gms/net/socket.hpp"

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Error;
using model::ErrorCode;
using model::Result;
namespace asio = boost::asio;

std::shared_ptr<OutboundLink> OutboundLink::start(asio::io_context& context,
                                                  const LinkSettings& settings, Target target,
                                                  Owner& owner, LinkStatistics& statistics) {
  auto link =
      std::make_shared<OutboundLink>(context, settings, std::move(target), owner, statistics);
  asio::co_spawn(context, run(link), [link](std::exception_ptr thrown) {
    if (thrown && link->owner_) link->owner_->on_link_broken("an outbound link threw");
  });
  return link;
}

OutboundLink::OutboundLink(asio::io_context& context, const LinkSettings& settings, Target target,
                           Owner& owner, LinkStatistics& statistics)
    : owner_(&owner),
      settings_(settings),
      statistics_(&statistics),
      target_(std::move(target)),
      backoff_(settings.backoff, settings.seed ^ target_.member.node.value()),
      socket_(context),
      timer_(context),
      last_used_(std::chrono::steady_clock::now()) {}

void OutboundLink::stop() {
  state_ = State::stopped;
  owner_ = nullptr;
  statistics_ = nullptr;
  frames_.clear();
  close(socket_);
  timer_.cancel();
}

asio::awaitable<void> OutboundLink::run(std::shared_ptr<OutboundLink> self) {
  while (self->state_ != State::stopped) {
    co_await self->live_once();
    if (self->state_ != State::stopped) co_await self->pause();
  }
}

asio::awaitable<void> OutboundLink::live_once() {
  const Result<void> connected = co_await connect();
  if (state_ == State::stopped) co_return;
  if (!connected) {
    fail_attempt(connected.error());
    co_return;
  }
  const auto opened = std::chrono::steady_clock::now();
  const std::string why = co_await wait_for_close();
  if (state_ == State::stopped) co_return;
  state_ = State::pausing;
  close(socket_);
  drop_queue();
  if (std::chrono::steady_clock::now() - opened >= settings_.good_after) backoff_.reset();
  owner_->on_outbound_closed(*this, why);
}

void OutboundLink::fail_attempt(const Error& error) {
  state_ = State::pausing;
  close(socket_);
  drop_queue();
  if (error.code == ErrorCode::closed)
    owner_->on_nobody_listens(*this, error.detail);
  else
    owner_->on_attempt_failed(*this, error.detail);
}

asio::awaitable<void> OutboundLink::pause() {
  const auto pause = backoff_.next();
  if (pause.count() > 0) {
    timer_.expires_after(pause);
    co_await timer_.async_wait(kAwait);
  }
  if (state_ != State::stopped) state_ = State::connecting;
}

void OutboundLink::hurry() {
  if (state_ == State::pausing) timer_.cancel();
}

void OutboundLink::renew() {
  if (state_ != State::open) return;
  drop_queue();
  // The reader notices.
  close(socket_);
}

void OutboundLink::start_deadline() {
  timed_out_ = false;
  timer_.expires_after(settings_.handshake_deadline);
  // The handler may be queued already when the timer is cancelled: it must not hit a later attempt.
  const auto expired = [self = shared_from_this(), attempt = attempt_](const error_code& error) {
    if (error || self->attempt_ != attempt || self->state_ != State::connecting) return;
    self->timed_out_ = true;
    close(self->socket_);
  };
  timer_.async_wait(expired);
}

asio::awaitable<Result<void>> OutboundLink::connect() {
  ++attempt_;
  start_deadline();
  Result<void> done = co_await connect_socket();
  if (done && state_ != State::stopped) done = co_await shake_hands();
  timer_.cancel();
  if (!done && timed_out_) done = Error{ErrorCode::timed_out, "no answer in time"};
  co_return done;
}

asio::awaitable<Result<void>> OutboundLink::connect_socket() {
  const auto executor = socket_.get_executor();
  const auto endpoints = co_await resolve(executor, target_.address);
  if (!endpoints) co_return endpoints.error();
  const std::function<bool()> is_over = [this] { return state_ == State::stopped || timed_out_; };
  const Endpoints tried = begun_with(*endpoints, attempt_ - 1);
  co_return co_await net::connect(&socket_, tried, is_over);
}

asio::awaitable<Result<void>> OutboundLink::shake_hands() {
  wire::FrameWriter hello;
  add_hello(hello, wire::PeerFrame::hello, owner_->hello_to(target_.member));
  const Result<void> written = co_await write_frames(&socket_, &hello);
  if (!written) co_return written.error();
  wire::FrameReader reader(wire::kHandshakeBytesMax);
  const Result<wire::Frame> frame = co_await read_frame(&socket_, &reader);
  if (state_ == State::stopped) co_return Error{ErrorCode::unavailable, "stopped"};
  if (!frame) co_return frame.error();
  const model::ByteSpan body = frame->body.bytes();
  if (frame->type == static_cast<std::uint8_t>(wire::PeerFrame::refusal)) {
    const auto reason = wire::decode_refusal(body);
    co_return Error{ErrorCode::conflict, "refused: " + reason.value_or("malformed")};
  }
  if (frame->type != static_cast<std::uint8_t>(wire::PeerFrame::welcome))
    co_return Error{ErrorCode::corrupt, "no welcome: what listens there is no peer port"};
  const auto welcome = wire::decode_hello(body);
  if (!welcome) co_return welcome.error();
  state_ = State::open;
  statistics_->bytes_received += wire::kFrameHeaderBytes + body.size();
  const Result<void> accepted = owner_->on_welcome(*this, *welcome);
  if (state_ == State::stopped || accepted) co_return accepted;
  state_ = State::connecting;
  co_return accepted.error();
}

asio::awaitable<std::string> OutboundLink::wait_for_close() {
  flush();
  // Nothing is ever received here: messages of the peer come on a connection of its own.
  std::array<std::byte, 1> unexpected;
  const asio::mutable_buffer buffer(unexpected.data(), unexpected.size());
  const auto [error, count] = co_await socket_.async_read_some(buffer, kAwait);
  co_return error ? error.message() : std::string("unexpected bytes");
}

void OutboundLink::add(wire::MessageEncoder& encoder, const core::Message& message) {
  if (state_ == State::stopped) return;
  last_used_ = std::chrono::steady_clock::now();
  if (state_ != State::open && state_ != State::connecting) {
    ++statistics_->messages_dropped;
    return;
  }
  if (frames_.bytes() > settings_.send_queue_bytes_max) {
    ++statistics_->messages_dropped;
    drop_queue();
    // The reader notices and the link is made anew.
    close(socket_);
    return;
  }
  encoder.add_to(frames_, message);
  ++queued_messages_;
  ++statistics_->messages_sent;
}

void OutboundLink::drop_queue() {
  statistics_->messages_dropped += queued_messages_;
  queued_messages_ = 0;
  frames_.clear();
}

void OutboundLink::flush() {
  if (state_ != State::open || waits_for_room_) return;
  while (!frames_.empty()) {
    const std::size_t before = frames_.bytes();
    const error_code error = write_some(socket_, frames_);
    ++statistics_->writes;
    statistics_->bytes_sent += before - frames_.bytes();
    if (error == asio::error::would_block) {
      waits_for_room_ = true;
      const auto writable = [self = shared_from_this()](const error_code&) {
        self->waits_for_room_ = false;
        self->flush();
      };
      return socket_.async_wait(tcp::socket::wait_write, writable);
    }
    if (error) return close(socket_);
  }
  queued_messages_ = 0;
}

}  // namespace gms::net
