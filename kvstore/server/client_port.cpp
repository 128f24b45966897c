#include "kvstore/server/client_port.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <functional>
#include <string>
#include <utility>

#include "kvstore/server/answers.hpp"
#include "kvstore/server/clock.hpp"

namespace kvstore::server {

using boost::asio::ip::tcp;
using boost::system::error_code;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;
namespace asio = boost::asio;

namespace {

/// After an accept that failed, such as for want of file descriptors.
constexpr std::chrono::milliseconds kAcceptPause{50};
/// To check a request and to hand it on is about as much work as to read it, and where it is large
/// all of that comes in the turn in which it is whole.
constexpr std::size_t kLargeRequestBytes = 64 * 1024;

}  // namespace

ClientPort::ClientPort(asio::io_context& context, const ServiceLimits& limits, Log log)
    : context_(context),
      limits_(limits),
      log_(std::move(log)),
      acceptor_(context),
      pause_(context) {}

void ClientPort::open(tcp::acceptor acceptor, Handler& handler) {
  acceptor_ = std::move(acceptor);
  handler_ = &handler;
  accept();
}

void ClientPort::accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) return accept_later();
    admit(std::move(socket));
    accept();
  });
}

void ClientPort::accept_later() {
  pause_.expires_after(kAcceptPause);
  pause_.async_wait([this](const error_code& error) {
    if (!error) accept();
  });
}

void ClientPort::admit(tcp::socket socket) {
  const std::uint32_t slot = free_slot();
  const ConnectionKey key{slot, ++slots_[slot].generation};
  Connection::Owner& owner = *this;
  const auto connection = std::make_shared<Connection>(std::move(socket), key, limits_, owner);
  slots_[slot].connection = connection;
  ++connected_;
  if (connected_ > limits_.connections_max) {
    ++statistics_.refused;
    return connection->refuse(
        {ErrorCode::busy, "too many clients are connected (connections_max)"});
  }
  ++statistics_.accepted;
  connection->start(monotonic_now() + limits_.handshake_time_max);
}

std::uint32_t ClientPort::free_slot() {
  if (free_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

Connection* ClientPort::find(ConnectionKey key) const {
  const Slot& slot = slots_[key.slot];
  return slot.generation == key.generation ? slot.connection.get() : nullptr;
}

Result<api::Welcome> ClientPort::on_hello(const api::Hello& hello) {
  return handler_->on_hello(hello);
}

void ClientPort::on_request(const Origin& origin, const api::Request& request) {
  ++statistics_.requests;
  ++turn_requests_;
  if (origin.bytes >= kLargeRequestBytes) turn_bytes_ += origin.bytes;
  ++requests_;
  request_bytes_ += origin.bytes;
  // One request larger than the limit is served when nothing else is under way.
  const bool too_large =
      request_bytes_ > limits_.request_bytes_max && request_bytes_ > origin.bytes;
  if (too_large || requests_ > limits_.requests_max) {
    ++statistics_.shed;
    const Error busy{ErrorCode::busy, "too many requests are under way at this member"};
    return reply(
        origin,
        {origin.request, busy.code, {}, {}, gms::model::as_bytes(busy.detail), kRetryAfterLoad});
  }
  handler_->on_request(origin, request);
}

void ClientPort::on_ended(Connection& connection, const std::string& fault) {
  if (!fault.empty()) {
    ++statistics_.dropped;
    log_("client " + connection.remote() + " dropped: " + fault);
  }
  const std::uint32_t slot = connection.key().slot;
  slots_[slot].connection.reset();
  slots_[slot].has_replies = false;
  free_.push_back(slot);
  --connected_;
  handler_->on_closed(connection.key());
}

void ClientPort::reply(const Origin& origin, const api::Reply& reply) {
  --requests_;
  request_bytes_ -= origin.bytes;
  Connection* connection = find(origin.connection);
  if (connection == nullptr) return;
  ++statistics_.replies;
  if (reply.error == ErrorCode::busy) ++statistics_.busy;
  connection->reply(origin, reply);
  flush_later(origin.connection.slot);
}

bool ClientPort::is_open(ConnectionKey key) const {
  return find(key) != nullptr;
}

bool ClientPort::has_room(ConnectionKey key) const {
  const Connection* connection = find(key);
  const std::size_t queued = connection == nullptr ? 0 : connection->queued_bytes();
  if (queued > limits_.reply_bytes_max / 2 || reply_bytes_ > limits_.all_reply_bytes_max)
    return false;
  return queued == 0 || reply_bytes_ <= limits_.all_reply_bytes_max / 2;
}

bool ClientPort::turn_is_over() const {
  return turn_requests_ >= limits_.turn_requests_max ||
         turn_bytes_ >= limits_.turn_request_bytes_max;
}

bool ClientPort::takes_turn(Connection& connection) {
  post_next_turn();
  if (!turn_is_over()) return true;
  waiting_.push_back(connection.key());
  return false;
}

void ClientPort::post_next_turn() {
  if (std::exchange(turn_posted_, true)) return;
  // Behind everything that is ready in this turn of the event loop.
  asio::post(context_, [this] { next_turn(); });
}

void ClientPort::next_turn() {
  turn_posted_ = false;
  turn_requests_ = 0;
  turn_bytes_ = 0;
  // Who has to wait again waits behind those that did not have their turn.
  for (std::size_t left = waiting_.size(); left > 0; --left) {
    if (turn_is_over()) break;
    const ConnectionKey key = waiting_.front();
    waiting_.pop_front();
    // A copy: a connection that ends here is let go of.
    const std::shared_ptr<Connection> connection = slots_[key.slot].connection;
    if (find(key) != nullptr) connection->go_on();
  }
  if (!waiting_.empty()) post_next_turn();
}

void ClientPort::on_queued(std::size_t before, std::size_t now) {
  reply_bytes_ += now;
  reply_bytes_ -= before;
}

void ClientPort::on_pending(std::size_t before, std::size_t now) {
  pending_bytes_ += now;
  pending_bytes_ -= before;
  if (pending_bytes_ <= limits_.request_bytes_max || std::exchange(drop_posted_, true)) return;
  asio::post(context_, [this] {
    drop_posted_ = false;
    drop_large_beginnings();
  });
}

void ClientPort::flush_later(std::uint32_t slot) {
  if (slots_[slot].has_replies) return;
  slots_[slot].has_replies = true;
  to_flush_.push_back(slot);
  if (std::exchange(flush_posted_, true)) return;
  // Behind everything that is ready in this turn of the event loop.
  asio::post(context_, [this] { flush(); });
}

void ClientPort::flush() {
  flush_posted_ = false;
  std::swap(to_flush_, flushing_);
  for (const std::uint32_t slot : flushing_) {
    if (!std::exchange(slots_[slot].has_replies, false)) continue;
    // A copy: a connection that ends here is let go of.
    const std::shared_ptr<Connection> connection = slots_[slot].connection;
    connection->flush();
  }
  flushing_.clear();
  if (reply_bytes_ > limits_.all_reply_bytes_max) drop_largest_queues();
}

void ClientPort::drop_largest_queues() {
  std::vector<std::shared_ptr<Connection>> all;
  for (const Slot& slot : slots_)
    if (slot.connection) all.push_back(slot.connection);
  std::ranges::sort(all, std::ranges::greater(), &Connection::queued_bytes);
  for (const auto& connection : all) {
    if (reply_bytes_ <= limits_.all_reply_bytes_max) return;
    connection->drop("it does not take its replies, and all clients together have too many");
  }
}

void ClientPort::expire(gms::model::Instant now) {
  for (std::size_t i = 1; i < slots_.size(); ++i) {
    const std::shared_ptr<Connection> connection = slots_[i].connection;
    if (!connection) continue;
    if (const std::string fault = fault_of(*connection, now); !fault.empty())
      connection->drop(fault);
  }
}

std::string ClientPort::fault_of(const Connection& connection, gms::model::Instant now) const {
  if (connection.is_late(now)) return "no hello in time";
  if (connection.is_stuck_since(now - limits_.reply_time_max)) return "it takes no replies";
  return {};
}

void ClientPort::drop_large_beginnings() {
  const auto senders = static_cast<std::size_t>(std::ranges::count_if(slots_, [](const Slot& slot) {
    return slot.connection && slot.connection->pending_bytes() != 0;
  }));
  // Those that have more here than their share; who sends little is not to blame.
  const std::size_t share = pending_bytes_ / std::max<std::size_t>(senders, 1);
  for (std::size_t i = 1; i < slots_.size(); ++i) {
    if (pending_bytes_ <= limits_.request_bytes_max) return;
    const std::shared_ptr<Connection> connection = slots_[i].connection;
    if (connection && connection->pending_bytes() >= share)
      connection->drop("too many bytes of incomplete requests are here");
  }
}

void ClientPort::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void ClientPort::stop() {
  close();
  for (std::size_t i = 1; i < slots_.size(); ++i) {
    // A copy: a connection that ends here is let go of.
    const std::shared_ptr<Connection> connection = slots_[i].connection;
    if (connection) connection->finish();
    slots_[i].connection.reset();
    slots_[i].has_replies = false;
  }
  to_flush_.clear();
  waiting_.clear();
}

}  // namespace kvstore::server
