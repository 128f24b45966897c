#include "kvstore/server/connection.hpp"

#include <fcntl.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <sstream>
#include <utility>

#include "kvstore/server/clock.hpp"

namespace kvstore::server {

using boost::asio::ip::tcp;
using boost::system::error_code;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;
namespace asio = boost::asio;
namespace wire = gms::wire;

namespace {

/// More than any Hello has: nothing is read for strangers.
constexpr std::size_t kHelloBytesMax = 256;
/// Reads of a busy connection before others get their turn.
constexpr int kReadsPerTurnMax = 16;
/// Bytes of one read, and about as many of all reads of one connection in a turn of the event loop.
constexpr std::size_t kReadBytesMax = 256 * 1024;

std::string name_of(const tcp::socket& socket) {
  error_code gone;
  const tcp::endpoint endpoint = socket.remote_endpoint(gone);
  if (gone) return "unknown";
  std::ostringstream out;
  out << endpoint;
  return out.str();
}

}  // namespace

Connection::Connection(tcp::socket socket, ConnectionKey key, const ServiceLimits& limits,
                       Owner& owner)
    : owner_(&owner),
      key_(key),
      limits_(limits),
      socket_(std::move(socket)),
      remote_(name_of(socket_)),
      reader_(kHelloBytesMax) {
  // A program that this one starts would keep the connection open.
  ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  // A client whose host vanished is noticed, if late.
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.non_blocking(true, ignored);
}

void Connection::start(gms::model::Instant deadline) {
  hello_deadline_ = deadline;
  await_bytes();
}

void Connection::stop() {
  output_.clear();
  report_queue();
  report_pending(0);
  owner_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

void Connection::finish() {
  if (owner_ == nullptr) return;
  const auto self = shared_from_this();
  ends_when_written_ = true;
  if (!write_pending_) write();
  if (owner_ != nullptr) stop();
}

void Connection::drop(const std::string& fault) {
  if (owner_ == nullptr) return;
  Owner* owner = owner_;
  const auto self = shared_from_this();
  stop();
  owner->on_ended(*this, fault);
}

std::span<std::byte> Connection::read_space() {
  const std::span<std::byte> space = reader_.space();
  return space.first(std::min(space.size(), kReadBytesMax));
}

// Reading is by handlers rather than a coroutine: it pauses and goes on from two places, and a
// handler is all that this costs. It waits before it reads, rather than reading as soon as bytes
// are there: how much of all that is there is read in one turn is the owner's to say.
void Connection::await_bytes() {
  reading_ = Reading::waiting;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->on_readable(error);
  });
}

void Connection::on_readable(const error_code& error) {
  if (owner_ == nullptr) return;
  if (error) return drop({});
  reading_ = Reading::ready;
  take_more();
}

bool Connection::receive() {
  reading_ = Reading::paused;
  std::size_t total = 0;
  // A full buffer says that there may be more: it is taken in this turn, so that the group orders
  // it in the same batch.
  for (int reads = 1;; ++reads) {
    const std::uint64_t moved_before = reader_.moved_bytes();
    const std::span<std::byte> space = read_space();
    error_code failed;
    const std::size_t count =
        socket_.read_some(asio::mutable_buffer(space.data(), space.size()), failed);
    owner_->on_copied(count + (reader_.moved_bytes() - moved_before));
    if (failed == asio::error::would_block) return true;
    if (failed) {
      drop({});
      return false;
    }
    reader_.received(count);
    total += count;
    if (!take_frames()) return false;
    if (count < space.size() || total >= kReadBytesMax) return true;
    if (reads == kReadsPerTurnMax || must_pause()) return true;
  }
}

bool Connection::must_pause() const {
  return ends_when_written_ || waits_for_turn_ || requests_ >= limits_.connection_requests_max ||
         request_bytes_ >= limits_.connection_bytes_max ||
         output_.bytes() > limits_.reply_bytes_max / 4;
}

bool Connection::take_frames() {
  while (!must_pause()) {
    const auto frame = reader_.next();
    if (frame && !*frame) return true;
    const Result<void> taken = frame ? take_frame(**frame) : frame.error();
    if (!taken) drop(taken.error().detail);
    if (owner_ == nullptr) return false;
  }
  return true;
}

Result<void> Connection::take_frame(const wire::Frame& frame) {
  if (!greeted_) return take_hello(frame);
  if (frame.type != static_cast<std::uint8_t>(api::FrameType::request))
    return Error{ErrorCode::corrupt, "a frame of an unexpected type"};
  const auto request = api::decode_request(frame.body.bytes());
  if (!request) return request.error();
  const Origin origin{key_, static_cast<std::uint32_t>(frame.body.size()), request->id};
  ++requests_;
  request_bytes_ += origin.bytes;
  owner_->on_request(origin, *request);
  waits_for_turn_ = !owner_->takes_turn(*this);
  return {};
}

Result<void> Connection::take_hello(const wire::Frame& frame) {
  if (frame.type != static_cast<std::uint8_t>(api::FrameType::hello))
    return Error{ErrorCode::corrupt, "no hello"};
  const auto hello = api::decode_hello(frame.body.bytes());
  if (!hello) return hello.error();
  greeted_ = true;
  const auto welcome = owner_->on_hello(*hello);
  if (!welcome) {
    refuse(welcome.error());
    return {};
  }
  head_.clear();
  encode(*welcome, head_);
  output_.add(static_cast<std::uint8_t>(api::FrameType::welcome), head_.bytes());
  reader_.allow(api::kClientBodyBytesMax);
  write();
  return {};
}

void Connection::reply(const Origin& origin, const api::Reply& reply) {
  if (owner_ == nullptr) return;
  --requests_;
  request_bytes_ -= origin.bytes;
  queue(reply);
}

void Connection::queue(const api::Reply& reply) {
  if (output_.empty()) last_taken_ = monotonic_now();
  head_.clear();
  encode_head(reply, head_);
  output_.begin(static_cast<std::uint8_t>(api::FrameType::reply));
  output_.put(head_.bytes());
  output_.put(reply.body);
  output_.end();
  report_queue();
}

void Connection::report_queue() {
  const std::size_t now = output_.bytes();
  const std::size_t before = std::exchange(reported_bytes_, now);
  if (owner_ != nullptr && before != now) owner_->on_queued(before, now);
}

void Connection::report_pending(std::size_t now) {
  const std::size_t before = std::exchange(reported_pending_, now);
  if (owner_ != nullptr && before != now) owner_->on_pending(before, now);
}

void Connection::refuse(const Error& error) {
  queue({api::RequestId(), error.code, {}, {}, gms::model::as_bytes(error.detail)});
  ends_when_written_ = true;
  greeted_ = true;
  write();
}

void Connection::flush() {
  if (owner_ == nullptr) return;
  if (!write_pending_) write();
  if (owner_ == nullptr) return;
  if (output_.bytes() > limits_.reply_bytes_max) return drop("it does not take its replies");
  take_more();
}

void Connection::go_on() {
  waits_for_turn_ = false;
  if (owner_ != nullptr) take_more();
}

void Connection::take_more() {
  if (reading_ == Reading::waiting || must_pause()) return;
  // The frames that came while it was paused are first.
  if (!take_frames()) return;
  if (reading_ == Reading::ready && !must_pause()) {
    waits_for_turn_ = !owner_->takes_turn(*this);
    if (!waits_for_turn_ && !receive()) return;
  }
  report_pending(reader_.pending_bytes());
  if (!must_pause()) await_bytes();
}

void Connection::write() {
  while (!output_.empty()) {
    const auto parts = output_.parts();
    std::array<asio::const_buffer, wire::FrameWriter::kPartsMax> buffers;
    for (std::size_t i = 0; i < parts.count; ++i)
      buffers[i] = asio::const_buffer(parts.spans[i].data(), parts.spans[i].size());
    error_code error;
    const std::size_t written = socket_.write_some(std::span(buffers).first(parts.count), error);
    if (error == asio::error::would_block) {
      report_queue();
      return write_later();
    }
    if (error) return drop({});
    output_.consume(written);
    if (written > 0) last_taken_ = monotonic_now();
  }
  report_queue();
  if (ends_when_written_) drop({});
}

void Connection::write_later() {
  write_pending_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& error) {
    if (self->owner_ == nullptr) return;
    self->write_pending_ = false;
    if (error) return self->drop({});
    self->flush();
  });
}

}  // namespace kvstore::server
