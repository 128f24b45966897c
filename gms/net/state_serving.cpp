#include "gms/net/state_serving.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "gms/net/socket.hpp"
#include "gms/wire/message_codec.hpp"
#include "gms/wire/state_codec.hpp"

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Error;
using model::ErrorCode;
using model::Result;
namespace asio = boost::asio;

namespace {

/// The largest body of what a fetcher sends.
constexpr std::size_t kPullBytesMax = 64;

}  // namespace

std::shared_ptr<StateServing> StateServing::start(tcp::socket socket,
                                                  const TransferSettings& settings,
                                                  Snapshot snapshot, Owner& owner,
                                                  TransferCounters& counters) {
  const auto executor = socket.get_executor();
  auto serving =
      std::make_shared<StateServing>(std::move(socket), settings, snapshot, owner, counters);
  asio::co_spawn(executor, run(serving), [serving](std::exception_ptr thrown) {
    if (thrown) serving->end();
  });
  return serving;
}

StateServing::StateServing(tcp::socket socket, const TransferSettings& settings, Snapshot snapshot,
                           Owner& owner, TransferCounters& counters)
    : owner_(&owner),
      snapshot_(snapshot),
      counters_(counters),
      socket_(std::move(socket)),
      watch_(socket_.get_executor()),
      idle_max_(settings.serving_idle_max),
      last_used_(Clock::now()),
      reader_(kPullBytesMax) {}

void StateServing::stop() {
  owner_ = nullptr;
  close(socket_);
  watch_.cancel();
}

void StateServing::end() {
  if (owner_ == nullptr) return;
  Owner* owner = owner_;
  stop();
  owner->on_serving_ended(*this);
}

asio::awaitable<void> StateServing::run(std::shared_ptr<StateServing> self) {
  // A coroutine may begin within the call that spawns it, and a first write may fail there: then
  // the owner would hear of the end before it has what ended.
  const auto executor = self->socket_.get_executor();
  co_await asio::post(executor, asio::use_awaitable);
  if (self->owner_ == nullptr) co_return;
  prepare(self->socket_);
  self->watch();
  co_await self->serve();
  self->end();
}

void StateServing::watch() {
  watch_.expires_at(last_used_ + idle_max_);
  watch_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->owner_ == nullptr) return;
    if (Clock::now() >= self->last_used_ + self->idle_max_) return close(self->socket_);
    self->watch();
  });
}

asio::awaitable<void> StateServing::serve() {
  add_state_parts(frames_, snapshot_.source.parts());
  for (bool goes_on = true; goes_on;) {
    const Result<void> written = co_await write_frames(&socket_, &frames_);
    if (owner_ == nullptr || !written) co_return;
    last_used_ = Clock::now();
    const Result<wire::Frame> frame = co_await read_frame(&socket_, &reader_);
    if (owner_ == nullptr || !frame) co_return;
    const Result<void> answered = answer(*frame);
    if (owner_ == nullptr) co_return;
    goes_on = answered.has_value();
    if (!goes_on) add_state_refusal(frames_, answered.error().code, answered.error().detail);
  }
  // The reason leaves, as far as the socket takes it at once.
  const error_code ignored = write_some(socket_, frames_);
  static_cast<void>(ignored);
}

Result<void> StateServing::answer(const wire::Frame& frame) {
  if (frame.type != static_cast<std::uint8_t>(wire::PeerFrame::state_pull))
    return Error{ErrorCode::corrupt, "no pull"};
  const auto pull = wire::decode_state_pull(frame.body.bytes());
  if (!pull) return pull.error();
  const auto& parts = snapshot_.source.parts();
  if (pull->part >= parts.size() || pull->offset > parts[pull->part].bytes ||
      pull->bytes > parts[pull->part].bytes - pull->offset)
    return Error{ErrorCode::corrupt, "a pull of what no part has"};
  if (!buffer_) buffer_ = std::make_shared_for_overwrite<std::byte[]>(wire::kStateChunkBytesMax);
  const std::span<std::byte> into(buffer_.get(), pull->bytes);
  const auto count = snapshot_.source.read(pull->part, pull->offset, into);
  if (!count) return count.error();
  if (*count != pull->bytes) return Error{ErrorCode::io, "a part is shorter than it was"};
  // The frame before has left, so nobody else uses the buffer.
  add_state_chunk(frames_, {pull->part, pull->offset, model::Payload(buffer_, into)});
  counters_.bytes_sent += pull->bytes;
  owner_->on_pulled(*this);
  return {};
}

}  // namespace gms::net
