#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gms/model/bytes.hpp"

namespace tests::faults {

/// Clients that make trouble, many at a time, on a thread of their own. They connect again when
/// they are sent away. Nothing of them is left when the object is gone. One thread calls it.
class ClientFlood {
 public:
  enum class Habit : std::uint8_t {
    /// Says Hello, and nothing else.
    idle,
    /// Asks for a key, over and over again, and never reads a reply.
    asks_and_does_not_read,
    /// Sends a few bytes a second of its Hello.
    trickles_hello,
    /// Sends a few bytes a second of a large request.
    trickles_request,
    /// Sends large requests that nobody can carry out, one after another's reply.
    sends_large_nonsense,
  };
  struct Counts {
    std::uint64_t connected = 0;
    /// Connections that the member ended, or did not take.
    std::uint64_t ended = 0;
  };

  /// `key` is what those ask for that ask.
  ClientFlood(std::vector<std::string> addresses, const std::string& key);
  ~ClientFlood();
  ClientFlood(const ClientFlood&) = delete;
  ClientFlood& operator=(const ClientFlood&) = delete;

  /// So many more clients of this habit, spread over the addresses.
  void add(Habit habit, int count);
  [[nodiscard]] Counts counts() const;
  /// Sends them all away.
  void stop();

 private:
  struct Visitor;

  static boost::asio::awaitable<void> visit_again_and_again(ClientFlood* self,
                                                            std::shared_ptr<Visitor> visitor);
  boost::asio::awaitable<void> visit(std::shared_ptr<Visitor> visitor);
  boost::asio::awaitable<void> behave(std::shared_ptr<Visitor> visitor);
  boost::asio::awaitable<void> send_again_and_again(std::shared_ptr<Visitor> visitor,
                                                    gms::model::ByteSpan bytes);
  boost::asio::awaitable<void> trickle(std::shared_ptr<Visitor> visitor,
                                       gms::model::ByteSpan bytes);
  boost::asio::awaitable<void> ask_and_wait(std::shared_ptr<Visitor> visitor,
                                            gms::model::ByteSpan bytes);
  boost::asio::awaitable<void> wait_for_end(std::shared_ptr<Visitor> visitor);

  const std::vector<std::string> addresses_;
  // What they send, made once.
  const gms::model::Bytes greeting_;
  const gms::model::Bytes questions_;
  const gms::model::Bytes nonsense_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::shared_ptr<Visitor>> visitors_;
  bool stopping_ = false;
  mutable std::mutex lock_;
  Counts counts_;
  std::thread thread_;
};

/// Lets this process, and those that it starts, have as many files as the system allows.
void allow_many_files();

}  // namespace tests::faults
