#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gms/wire/frame.hpp"
#include "kvstore/api/client_protocol.hpp"

namespace client {

class Connection;

/// Hears from connections, always from the event loop and never out of a call of Connection.
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;

  /// The server said who it is: requests may be sent. Returns why they may not; the connection ends
  /// with that then.
  [[nodiscard]] virtual std::optional<gms::model::Error> opened(
      Connection& connection, const kvstore::api::Welcome& welcome) = 0;
  virtual void replied(Connection& connection, const kvstore::api::Reply& reply) = 0;
  /// All that one read brought was reported.
  virtual void read_ended() = 0;
  /// What was sent has left, after it had to wait.
  virtual void drained() = 0;
  /// It could not be opened, or is closed. The last report.
  virtual void closed(Connection& connection, const gms::model::Error& error) = 0;
};

/// One TCP connection to the client port of one member, and its conversation.
///
/// Guarantee: what is queued in one turn of the event loop leaves in one system call, as far as the
/// socket takes it. One closed() follows start(), unless stop() is called before.
/// Thread rule: the thread of the io_context. Ownership: held by shared_ptr, which its own
/// background work shares; the listener outlives it or calls stop().
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// A server that has not said its Welcome after this long is given up.
  static constexpr std::chrono::milliseconds kOpenTimeout{2000};

  /// A server whose host has not confirmed what was sent for this long is given up: TCP by itself
  /// goes on for a quarter of an hour, and waits for as long as an outage took when that is over.
  static constexpr std::chrono::seconds kUnconfirmedMax{5};

  /// `tag` is the listener's own mark.
  Connection(boost::asio::io_context& context, std::string address, std::size_t tag,
             ConnectionListener& listener);

  /// Connects and says `hello`. Once.
  void start(const kvstore::api::Hello& hello);
  /// Ends the connection without another report. Idempotent.
  void stop();

  /// Queues a request for the next flush(). Small bodies are copied.
  void queue(const kvstore::api::Request& head, const gms::model::Payload& body);
  void queue(const kvstore::api::Request& request);
  /// Sends what is queued.
  void flush();

  [[nodiscard]] std::size_t queued_bytes() const { return writer_.bytes(); }
  [[nodiscard]] std::size_t tag() const { return tag_; }

 private:
  using Outcome = boost::asio::awaitable<gms::model::Error>;

  [[nodiscard]] static Outcome converse(std::shared_ptr<Connection> self);
  using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;

  [[nodiscard]] static boost::asio::awaitable<std::optional<gms::model::Error>> look_up(
      std::shared_ptr<Connection> self, Addresses& found);
  [[nodiscard]] static boost::asio::awaitable<std::optional<gms::model::Error>> connect(
      std::shared_ptr<Connection> self);
  [[nodiscard]] static boost::asio::awaitable<boost::system::error_code> connect_to_one(
      std::shared_ptr<Connection> self, Addresses addresses);
  void give_up_when_late();
  void wait_for_room();
  [[nodiscard]] std::optional<gms::model::Error> take_frames();
  [[nodiscard]] std::optional<gms::model::Error> take(const gms::wire::Frame& frame);
  [[nodiscard]] std::optional<gms::model::Error> take_welcome(const gms::wire::Frame& frame);
  [[nodiscard]] std::optional<gms::model::Error> take_reply(const gms::wire::Frame& frame);
  void ended(const gms::model::Error& error);
  void break_off(gms::model::Error error);

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer open_timer_;
  std::string address_;
  std::size_t tag_;
  ConnectionListener* listener_;
  gms::wire::FrameReader reader_;
  gms::wire::FrameWriter writer_;
  gms::model::ByteWriter head_;
  bool connected_ = false;
  bool open_ = false;
  bool waits_for_room_ = false;
  /// Why this side ended it.
  std::optional<gms::model::Error> broken_off_;
};

}  // namespace client
