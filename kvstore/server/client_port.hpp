#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "kvstore/server/connection.hpp"

namespace kvstore::server {

/// What passed over the client port since the start.
struct PortStatistics {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  /// Connections ended for what the client did.
  std::uint64_t dropped = 0;
  std::uint64_t requests = 0;
  std::uint64_t replies = 0;
  /// Requests answered `busy` because too many, or too many bytes, were under way here.
  std::uint64_t shed = 0;
  /// Requests answered `busy`, whatever the reason.
  std::uint64_t busy = 0;
};

/// The client port: accepts clients, and takes requests from and replies to them.
///
/// Guarantee: what a turn of the event loop answers leaves in one write for each client. Bounded in
/// clients, requests under way and bytes of them, bytes of replies, and patience with those who say
/// or take nothing. However much clients send, a turn of the event loop takes no more than so many
/// requests, and about so many bytes.
/// Thread rule: the io_context's thread. Ownership: borrows limits and log; the handler given to
/// open() outlives the call of stop().
class ClientPort final : public ReplyPort, private Connection::Owner {
 public:
  /// What is behind the port.
  class Handler {
   public:
    virtual ~Handler() = default;
    [[nodiscard]] virtual gms::model::Result<api::Welcome> on_hello(const api::Hello& hello) = 0;
    /// Must be answered by ReplyPort::reply(), now or later, once.
    virtual void on_request(const Origin& origin, const api::Request& request) = 0;
    /// The connection has ended; in stop(), too.
    virtual void on_closed(ConnectionKey connection) = 0;
  };
  /// Takes a line for the log.
  using Log = std::function<void(std::string_view)>;

  ClientPort(boost::asio::io_context& context, const ServiceLimits& limits, Log log);

  /// Accepts clients from now on. Precondition: not called before.
  void open(boost::asio::ip::tcp::acceptor acceptor, Handler& handler);
  /// Ends the connections of clients that take too long. To be called every now and then.
  void expire(gms::model::Instant now);
  /// Accepts nobody any more; who is connected stays.
  void close();
  /// Writes what is queued as far as clients take it at once, takes no more requests, and ends all
  /// connections. May be called again.
  void stop();

  void reply(const Origin& origin, const api::Reply& reply) override;
  [[nodiscard]] bool is_open(ConnectionKey connection) const override;
  [[nodiscard]] bool has_room(ConnectionKey connection) const override;

  [[nodiscard]] std::size_t connections() const { return connected_; }
  /// Of requests that are not answered.
  [[nodiscard]] std::size_t requests() const { return requests_; }
  [[nodiscard]] std::size_t request_bytes() const { return request_bytes_; }
  /// Of replies that were not taken.
  [[nodiscard]] std::size_t reply_bytes() const { return reply_bytes_; }
  [[nodiscard]] const PortStatistics& statistics() const { return statistics_; }

 private:
  struct Slot {
    std::shared_ptr<Connection> connection;
    std::uint32_t generation = 0;
    bool has_replies = false;
  };

  gms::model::Result<api::Welcome> on_hello(const api::Hello& hello) override;
  void on_request(const Origin& origin, const api::Request& request) override;
  bool takes_turn(Connection& connection) override;
  void on_copied(std::size_t bytes) override { turn_bytes_ += bytes; }
  void on_queued(std::size_t before, std::size_t now) override;
  void on_pending(std::size_t before, std::size_t now) override;
  void on_ended(Connection& connection, const std::string& fault) override;

  [[nodiscard]] bool turn_is_over() const;
  void post_next_turn();
  void next_turn();
  /// Why the connection is ended now; empty if it stays.
  [[nodiscard]] std::string fault_of(const Connection& connection, gms::model::Instant now) const;
  void drop_largest_queues();
  void accept();
  void accept_later();
  void admit(boost::asio::ip::tcp::socket socket);
  [[nodiscard]] std::uint32_t free_slot();
  [[nodiscard]] Connection* find(ConnectionKey key) const;
  /// Ends connections whose incomplete requests are larger than those of others, until the bytes of
  /// all are within the limit.
  void drop_large_beginnings();
  void flush_later(std::uint32_t slot);
  void flush();

  boost::asio::io_context& context_;
  const ServiceLimits& limits_;
  Log log_;
  Handler* handler_ = nullptr;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  /// The first is not used, so that no key of a connection is zero.
  std::vector<Slot> slots_ = std::vector<Slot>(1);
  std::vector<std::uint32_t> free_;
  /// Slots with replies of this turn.
  std::vector<std::uint32_t> to_flush_;
  std::vector<std::uint32_t> flushing_;
  /// Those that go on in the next turn, in order.
  std::deque<ConnectionKey> waiting_;
  /// Taken and read in this one.
  std::size_t turn_requests_ = 0;
  std::size_t turn_bytes_ = 0;
  bool turn_posted_ = false;
  std::size_t connected_ = 0;
  std::size_t requests_ = 0;
  std::size_t request_bytes_ = 0;
  std::size_t reply_bytes_ = 0;
  /// Of requests that have begun to come.
  std::size_t pending_bytes_ = 0;
  bool drop_posted_ = false;
  bool flush_posted_ = false;
  PortStatistics statistics_;
};

}  // namespace kvstore::server
