#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string>

#include "gms/wire/frame.hpp"
#include "kvstore/server/origin.hpp"
#include "kvstore/server/service_limits.hpp"

namespace kvstore::server {

/// One client's connection.
///
/// Guarantee: hands on whole requests of a client that has said Hello, as many at a time as have
/// come; whatever else comes ends the connection. It is not read from while its requests under way
/// or its untaken replies are over their limits. Memory is taken for bytes that came, never for a
/// length that was claimed.
/// Thread rule: the group's thread. Ownership: shared by its owner and its pending operations; it
/// calls nobody after stop().
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// Whose connection it is.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The welcome, or why the client cannot be served.
    [[nodiscard]] virtual gms::model::Result<api::Welcome> on_hello(const api::Hello& hello) = 0;
    /// Must not stop the connection.
    virtual void on_request(const Origin& origin, const api::Request& request) = 0;
    /// Whether it may read or take a request now; if not, it goes on when its turn comes.
    [[nodiscard]] virtual bool takes_turn(Connection& connection) = 0;
    /// It has read bytes, and moved those that came before them to a place with room for more: so
    /// many were copied.
    virtual void on_copied(std::size_t bytes) = 0;
    /// Of its queued_bytes(), since the last time.
    virtual void on_queued(std::size_t before, std::size_t now) = 0;
    /// The same of its pending_bytes().
    virtual void on_pending(std::size_t before, std::size_t now) = 0;
    /// The connection ended by itself; nothing follows. `fault` says what the client did wrong, and
    /// is empty when it only went away.
    virtual void on_ended(Connection& connection, const std::string& fault) = 0;
  };

  /// Use start(). Constructs an idle connection.
  Connection(boost::asio::ip::tcp::socket socket, ConnectionKey key, const ServiceLimits& limits,
             Owner& owner);

  /// Waits for the Hello, by `deadline`.
  void start(gms::model::Instant deadline);

  [[nodiscard]] ConnectionKey key() const { return key_; }
  [[nodiscard]] const std::string& remote() const { return remote_; }

  /// Queues a reply to a request.
  void reply(const Origin& origin, const api::Reply& reply);
  /// Queues a reply to nothing that was asked, and ends the connection when it has left.
  void refuse(const gms::model::Error& error);
  /// Writes what is queued, in one go if the client takes it, and goes on reading if it may.
  void flush();

  /// Its turn has come: goes on where it had to wait.
  void go_on();

  [[nodiscard]] std::size_t queued_bytes() const { return output_.bytes(); }
  /// Bytes that came and are not a whole frame yet.
  [[nodiscard]] std::size_t pending_bytes() const { return reader_.pending_bytes(); }
  /// Whether the client has not said Hello and should have. One that has, and whose turn has not
  /// come, is not late.
  [[nodiscard]] bool is_late(gms::model::Instant now) const {
    return !greeted_ && reading_ == Reading::waiting && now >= hello_deadline_;
  }

  /// Whether it has replies to take, and has taken nothing since `past`.
  [[nodiscard]] bool is_stuck_since(gms::model::Instant past) const {
    return !output_.empty() && last_taken_ < past;
  }

  /// Ends the connection and tells nobody.
  void stop();
  /// Writes what is queued as far as the client takes it at once, takes no more requests, and ends
  /// the connection. The owner may be told.
  void finish();
  /// Ends the connection and tells the owner.
  void drop(const std::string& fault);

 private:
  /// `waiting`: for bytes to come. `ready`: they have. `paused`: nobody looks.
  enum class Reading : std::uint8_t { waiting, ready, paused };

  void await_bytes();
  void on_readable(const boost::system::error_code& error);
  /// Reads what has come, up to a limit, and takes its frames; returns false when the connection
  /// ended.
  [[nodiscard]] bool receive();
  /// Takes all whole frames that may be taken; returns false when the connection ended.
  [[nodiscard]] bool take_frames();
  [[nodiscard]] gms::model::Result<void> take_frame(const gms::wire::Frame& frame);
  [[nodiscard]] gms::model::Result<void> take_hello(const gms::wire::Frame& frame);
  [[nodiscard]] bool must_pause() const;
  /// Goes on with what has come, frames first, as far as it may, and waits for more.
  void take_more();
  void queue(const api::Reply& reply);
  void report_queue();
  void report_pending(std::size_t now);
  [[nodiscard]] std::span<std::byte> read_space();
  void write();
  void write_later();

  Owner* owner_;
  const ConnectionKey key_;
  const ServiceLimits& limits_;
  boost::asio::ip::tcp::socket socket_;
  std::string remote_;
  gms::wire::FrameReader reader_;
  gms::wire::FrameWriter output_;
  gms::model::ByteWriter head_;
  gms::model::Instant hello_deadline_{};
  std::size_t requests_ = 0;
  std::size_t request_bytes_ = 0;
  /// What was reported of its queue.
  std::size_t reported_bytes_ = 0;
  /// What was reported of incomplete requests.
  std::size_t reported_pending_ = 0;
  /// When the client took a reply, or had none to take.
  gms::model::Instant last_taken_{};
  Reading reading_ = Reading::paused;
  bool greeted_ = false;
  bool waits_for_turn_ = false;
  bool ends_when_written_ = false;
  bool write_pending_ = false;
};

}  // namespace kvstore::server
