#include "kvstore/server/client_port.hpp"

#include <boost/asio/post.hpp>
#include <string>
#include <utility>

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
  request_bytes_ += origin.bytes;
  // One request larger than the limit is served when nothing else is under way.
  if (request_bytes_ > limits_.request_bytes_max && request_bytes_ > origin.bytes) {
    ++statistics_.shed;
    const Error busy{ErrorCode::busy, "too many requests are under way at this member"};
    return reply(origin, {origin.request, busy.code, {}, {}, gms::model::as_bytes(busy.detail)});
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
}

void ClientPort::reply(const Origin& origin, const api::Reply& reply) {
  request_bytes_ -= origin.bytes;
  Connection* connection = find(origin.connection);
  if (connection == nullptr) return;
  ++statistics_.replies;
  connection->reply(origin, reply);
  flush_later(origin.connection.slot);
}

std::size_t ClientPort::queued_bytes(ConnectionKey key) const {
  const Connection* connection = find(key);
  return connection == nullptr ? 0 : connection->queued_bytes();
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
}

void ClientPort::expire(gms::model::Instant now) {
  std::size_t pending = pending_bytes();
  for (std::size_t i = 1; i < slots_.size(); ++i) {
    const std::shared_ptr<Connection> connection = slots_[i].connection;
    if (!connection) continue;
    const std::size_t bytes = connection->pending_bytes();
    if (connection->is_late(now)) {
      connection->drop("no hello in time");
    } else if (pending > limits_.request_bytes_max && bytes > 0) {
      connection->drop("too many bytes of incomplete requests are here");
    } else {
      continue;
    }
    pending -= bytes;
  }
}

std::size_t ClientPort::pending_bytes() const {
  std::size_t sum = 0;
  for (const Slot& slot : slots_)
    if (slot.connection) sum += slot.connection->pending_bytes();
  return sum;
}

void ClientPort::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void ClientPort::stop() {
  close();
  flush();
  for (Slot& slot : slots_) {
    if (slot.connection) slot.connection->stop();
    slot.connection.reset();
  }
}

}  // namespace kvstore::server
