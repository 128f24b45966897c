#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>

#include "gms/wire/frame.hpp"
#include "tests/faults/frame_fate.hpp"

namespace tests::faults {

/// One direction between two members, as long as the proxy lives: its faults, its dice, and how
/// often what came about. Connections come and go.
struct Direction {
  explicit Direction(std::uint64_t seed) : dice(seed) {}

  LinkFaults faults;
  FrameDice dice;
  FaultCounts counts;
  std::uint64_t frames = 0;
};

/// Carries the frames of one connection in one direction, and lets faults befall them. Once the
/// connection ends at one side, or in the middle of a frame, the pump has ended.
/// Thread rule: the proxy's thread.
class FramePump {
 public:
  /// `from`, `to` and the direction outlive it.
  FramePump(boost::asio::ip::tcp::socket& from, boost::asio::ip::tcp::socket& to,
            std::shared_ptr<Direction> direction);

  /// A frame that was read already, to find out whose connection it is.
  void take(const gms::wire::Frame& frame);
  /// Reads frames until the connection ends at that side. What was read ahead is in `reader`.
  [[nodiscard]] boost::asio::awaitable<void> read_all(gms::wire::FrameReader* reader);
  /// Writes those that are due, to the last one that was read, or until the connection ends.
  [[nodiscard]] boost::asio::awaitable<void> write_all();

  /// The faults are others now.
  void wake() { wake_.cancel(); }
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Item {
    gms::model::Bytes bytes;
    /// Only the first so many bytes, and then the end; all of them if it is no less.
    std::size_t cut_after = 0;
  };

  void queue(Item item, const FrameFate& fate);
  [[nodiscard]] bool is_full() const;
  boost::asio::awaitable<bool> write(Item item);
  boost::asio::awaitable<bool> trickle(gms::model::ByteSpan bytes);
  boost::asio::awaitable<void> pause_until(Clock::time_point until);

  boost::asio::ip::tcp::socket& from_;
  boost::asio::ip::tcp::socket& to_;
  std::shared_ptr<Direction> direction_;
  boost::asio::steady_timer wake_;
  boost::asio::steady_timer room_;
  std::multimap<Clock::time_point, Item> queue_;
  std::size_t queued_bytes_ = 0;
  Clock::time_point last_due_{};
  Clock::time_point rate_due_{};
  /// Nothing more comes to be read.
  bool finished_ = false;
  bool stopped_ = false;
};

}  // namespace tests::faults
