#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/frame_pump.hpp"

namespace tests::faults {

/// Stands between the members of a group, at the addresses that they advertise to each other, and
/// carries their frames to where they listen. Each direction of each pair has faults of its own,
/// which may be changed at any time. Frames are whole: what is lost, late or doubled is a message.
///
/// The first frame of a connection, and the address that it names, tells whose it is; a
/// connection that names nobody passes without faults. Chances are drawn from the seed: the n-th
/// frame from one member to another meets the same fate. A thread of its own; callers may be any.
class FrameProxy {
 public:
  /// Where other members are told that one is, and where it listens. Both numeric.
  struct Member {
    std::string name;
    std::string advertised;
    std::string listening;
  };

  /// Throws when an advertised address cannot be listened at.
  FrameProxy(std::vector<Member> members, std::uint64_t seed);
  ~FrameProxy();
  FrameProxy(const FrameProxy&) = delete;
  FrameProxy& operator=(const FrameProxy&) = delete;

  // What is set holds when the call returns.

  /// For frames from the one to the other.
  void set(const std::string& from, const std::string& to, const LinkFaults& faults);
  /// For both directions of every pair.
  void set_all(const LinkFaults& faults);
  void heal() { set_all({}); }
  /// Members of different sides do not hear each other, both ways; within a side they do. Other
  /// faults stay. Whoever is on no side hears everybody.
  void partition(const std::vector<std::vector<std::string>>& sides);
  /// Ends the connections of a pair, whoever opened them; new ones may be made at once.
  void disconnect(const std::string& one, const std::string& other);

  [[nodiscard]] FaultCounts counts() const;
  /// Of the frames from the one to the other.
  [[nodiscard]] FaultCounts counts(const std::string& from, const std::string& to) const;
  [[nodiscard]] std::uint64_t frames(const std::string& from, const std::string& to) const;

 private:
  struct Connection;

  [[nodiscard]] std::shared_ptr<Direction> direction(const std::string& from,
                                                     const std::string& to) const;
  /// Runs it on the proxy's thread, and waits for it.
  void run_there(const std::function<void()>& work) const;
  void wake_all();
  static boost::asio::awaitable<void> accept_all(FrameProxy* self, std::size_t member);
  static boost::asio::awaitable<void> serve(FrameProxy* self, std::shared_ptr<Connection> there);
  static boost::asio::awaitable<void> forward(FrameProxy* self, std::shared_ptr<Connection> there);
  static boost::asio::awaitable<void> read_dialer(std::shared_ptr<Connection> there);
  static boost::asio::awaitable<void> read_listener(std::shared_ptr<Connection> there);
  static boost::asio::awaitable<void> write_dialer(std::shared_ptr<Connection> there);
  /// Both ends of it, and the faults that befall it.
  void attach(Connection& connection);
  [[nodiscard]] std::string sender_of(const gms::wire::Frame& first);

  const std::vector<Member> members_;
  mutable boost::asio::io_context context_;
  std::vector<boost::asio::ip::tcp::acceptor> acceptors_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Direction>> directions_;
  std::list<std::shared_ptr<Connection>> connections_;
  /// Who said that it is this member, by the number that its members have.
  std::map<std::uint64_t, std::string> known_;
  std::thread thread_;
};

}  // namespace tests::faults
