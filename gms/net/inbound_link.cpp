#include "gms/net/inbound_link.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "gms/net/address.hpp"
#include "gms/net/socket.hpp"

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Error;
using model::ErrorCode;
using model::Result;
namespace asio = boost::asio;

namespace {

/// Reads of a busy connection before others get their turn.
constexpr int kReadsPerTurnMax = 16;

}  // namespace

std::shared_ptr<InboundLink> InboundLink::start(tcp::socket socket, const LinkSettings& settings,
                                                Owner& owner, LinkStatistics& statistics) {
  const auto executor = socket.get_executor();
  auto link = std::make_shared<InboundLink>(std::move(socket), settings, owner, statistics);
  asio::co_spawn(executor, run(link), [link](std::exception_ptr thrown) {
    if (thrown) link->end({End::refused, "it threw"});
  });
  return link;
}

InboundLink::InboundLink(tcp::socket socket, const LinkSettings& settings, Owner& owner,
                         LinkStatistics& statistics)
    : owner_(&owner),
      settings_(settings),
      statistics_(&statistics),
      socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      reader_(wire::kHandshakeBytesMax) {
  error_code gone;
  const auto endpoint = socket_.remote_endpoint(gone);
  remote_ = gone ? "unknown" : to_string(endpoint);
}

void InboundLink::stop() {
  owner_ = nullptr;
  statistics_ = nullptr;
  close(socket_);
  deadline_.cancel();
}

void InboundLink::end(const Ending& ending) {
  if (owner_ == nullptr) return;
  Owner* owner = owner_;
  stop();
  owner->on_inbound_ended(*this, ending.end, ending.why);
}

asio::awaitable<void> InboundLink::run(std::shared_ptr<InboundLink> self) {
  prepare(self->socket_);
  Ending ending = co_await self->shake_hands();
  if (self->established_) ending = co_await self->receive();
  self->end(ending);
}

void InboundLink::start_deadline() {
  deadline_.expires_after(settings_.handshake_deadline);
  const auto expired = [self = shared_from_this()](const error_code& error) {
    if (error || self->established_) return;
    self->timed_out_ = true;
    close(self->socket_);
  };
  deadline_.async_wait(expired);
}

void InboundLink::watch_beginning() {
  if (watching_ || reader_.pending_bytes() == 0) return;
  watching_ = true;
  deadline_.expires_after(settings_.frame_deadline);
  const auto expired = [self = shared_from_this(), frames = frames_](const error_code& error) {
    self->watching_ = false;
    if (error || self->owner_ == nullptr) return;
    if (self->frames_ != frames) return self->watch_beginning();
    if (self->reader_.pending_bytes() == 0) return;
    self->timed_out_ = true;
    close(self->socket_);
  };
  deadline_.async_wait(expired);
}

asio::awaitable<InboundLink::Ending> InboundLink::shake_hands() {
  start_deadline();
  const Result<wire::Frame> frame = co_await read_frame(&socket_, &reader_);
  if (owner_ == nullptr) co_return Ending{End::closed, "stopped"};
  if (timed_out_) co_return Ending{End::refused, "no hello in time"};
  if (!frame) {
    const bool garbage = frame.error().code == ErrorCode::corrupt;
    co_return Ending{garbage ? End::refused : End::closed, frame.error().detail};
  }
  if (frame->type == static_cast<std::uint8_t>(wire::PeerFrame::state_hello))
    co_return take_state_hello(*frame);
  if (frame->type != static_cast<std::uint8_t>(wire::PeerFrame::hello))
    co_return Ending{End::refused, "no hello"};
  const auto hello = wire::decode_hello(frame->body.bytes());
  if (!hello) co_return Ending{End::refused, hello.error().detail};
  const auto welcome = owner_->on_hello(*this, *hello);
  if (owner_ == nullptr) co_return Ending{End::closed, "stopped"};
  wire::FrameWriter answer;
  if (welcome)
    add_hello(answer, wire::PeerFrame::welcome, *welcome);
  else
    wire::add_refusal(answer, welcome.error().detail);
  // The socket of a connection this young takes a frame this small at once.
  const error_code error = write_some(socket_, answer);
  if (!welcome) co_return Ending{End::refused, welcome.error().detail};
  peer_ = *hello;
  if (error) co_return Ending{End::closed, error.message()};
  established_ = true;
  deadline_.cancel();
  reader_.allow(wire::kFrameBodyBytesMax);
  co_return Ending{};
}

InboundLink::Ending InboundLink::take_state_hello(const wire::Frame& frame) {
  const auto hello = wire::decode_state_hello(frame.body.bytes());
  if (!hello) return {End::refused, hello.error().detail};
  if (reader_.pending_bytes() > 0) return {End::refused, "bytes before the answer to a hello"};
  const Result<void> checked = owner_->on_state_hello(*hello);
  if (!checked) {
    wire::FrameWriter answer;
    add_state_refusal(answer, checked.error().code, checked.error().detail);
    const error_code error = write_some(socket_, answer);
    return {End::refused, error ? error.message() : checked.error().detail};
  }
  tcp::socket socket = std::move(socket_);
  Owner* owner = owner_;
  stop();
  owner->on_state_connection(*this, std::move(socket), *hello);
  return {End::closed, "handed on"};
}

asio::awaitable<InboundLink::Ending> InboundLink::receive() {
  // Messages may have come right behind the hello.
  if (auto taken = take_frames(); !taken) co_return Ending{End::refused, taken.error().detail};
  while (owner_ != nullptr) {
    watch_beginning();
    auto space = reader_.space();
    asio::mutable_buffer buffer(space.data(), space.size());
    auto [error, count] = co_await socket_.async_read_some(buffer, kAwait);
    // A full buffer says that there may be more: it is taken in this turn, so that what it leads to
    // leaves in the same writes.
    for (int reads = 1; owner_ != nullptr && !error; ++reads) {
      const Result<void> taken = take(count);
      if (!taken) co_return Ending{End::refused, taken.error().detail};
      if (count < space.size() || reads == kReadsPerTurnMax) break;
      space = reader_.space();
      count = socket_.read_some(asio::mutable_buffer(space.data(), space.size()), error);
    }
    if (timed_out_) co_return Ending{End::refused, "a frame did not end in time"};
    if (error && error != asio::error::would_block) co_return Ending{End::closed, error.message()};
  }
  co_return Ending{End::closed, "stopped"};
}

Result<void> InboundLink::take(std::size_t received) {
  ++statistics_->reads;
  statistics_->bytes_received += received;
  reader_.received(received);
  return take_frames();
}

Result<void> InboundLink::take_frames() {
  for (;;) {
    const auto frame = reader_.next();
    if (!frame) return frame.error();
    if (!*frame) return {};
    if (auto taken = take_frame(**frame); !taken) return taken.error();
    if (owner_ == nullptr) return {};
  }
}

Result<void> InboundLink::take_frame(const wire::Frame& frame) {
  if (frame.type != static_cast<std::uint8_t>(wire::PeerFrame::message))
    return Error{ErrorCode::corrupt, "a frame of an unexpected type"};
  auto message = wire::decode_message(frame.body);
  if (!message) return message.error();
  if (message->from != peer_.from || message->from_boot != peer_.boot)
    return Error{ErrorCode::corrupt, "a message in the name of another member"};
  ++statistics_->messages_received;
  ++frames_;
  owner_->on_message(*std::move(message));
  return {};
}

}  // namespace gms::net
