#include "tests/faults/frame_pump.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "gms/net/socket.hpp"

namespace tests::faults {
namespace {

using namespace std::chrono_literals;
using gms::model::Bytes;
using gms::net::kAwait;
namespace asio = boost::asio;
namespace wire = gms::wire;

/// Past so many bytes that wait, the sender has to wait too.
constexpr std::size_t kQueueBytesMax = 8 * 1024 * 1024;
constexpr auto kForever = 1h;

/// A frame as it was sent: there is one encoding only.
Bytes bytes_of(const wire::Frame& frame) {
  wire::FrameWriter writer;
  writer.add(frame.type, frame.body.bytes());
  Bytes bytes;
  const auto parts = writer.parts();
  for (std::size_t i = 0; i < parts.count; ++i)
    bytes.insert(bytes.end(), parts.spans[i].begin(), parts.spans[i].end());
  return bytes;
}

void flip_bit(Bytes& bytes, std::uint64_t place) {
  const std::uint64_t bit = place % (bytes.size() * 8);
  bytes[bit / 8] ^= std::byte{1} << (bit % 8);
}

}  // namespace

FramePump::FramePump(asio::ip::tcp::socket& from, asio::ip::tcp::socket& to,
                     std::shared_ptr<Direction> direction)
    : from_(from),
      to_(to),
      direction_(std::move(direction)),
      wake_(from.get_executor()),
      room_(from.get_executor()) {}

void FramePump::stop() {
  stopped_ = true;
  wake_.cancel();
  room_.cancel();
}

void FramePump::take(const wire::Frame& frame) {
  ++direction_->frames;
  const FrameFate fate = direction_->dice.roll(direction_->faults);
  FaultCounts& counts = direction_->counts;
  if (direction_->faults.blocked) counts.add(Fault::blocked);
  if (fate.lost) return counts.add(Fault::lost);
  if (fate.delay > 0ms) counts.add(Fault::delayed);
  Item item{bytes_of(frame), 0};
  item.cut_after = item.bytes.size();
  if (fate.flipped) {
    flip_bit(item.bytes, fate.place);
    counts.add(Fault::flipped);
  }
  if (fate.cut) item.cut_after = fate.place % item.bytes.size();
  if (fate.reordered) counts.add(Fault::reordered);
  if (fate.duplicated) {
    counts.add(Fault::duplicated);
    queue(item, fate);
  }
  queue(std::move(item), fate);
  wake_.cancel();
}

void FramePump::queue(Item item, const FrameFate& fate) {
  const Clock::time_point now = Clock::now();
  Clock::time_point due = std::max(now + fate.delay, last_due_);
  if (const std::size_t rate = direction_->faults.bytes_per_second; rate > 0) {
    rate_due_ =
        std::max(rate_due_, now) + std::chrono::microseconds(item.bytes.size() * 1'000'000 / rate);
    due = std::max(due, rate_due_);
  }
  last_due_ = due;
  if (fate.reordered) due += fate.behind;
  queued_bytes_ += item.bytes.size();
  queue_.emplace(due, std::move(item));
}

bool FramePump::is_full() const {
  return queued_bytes_ > kQueueBytesMax;
}

asio::awaitable<void> FramePump::pause_until(Clock::time_point until) {
  wake_.expires_at(until);
  co_await wake_.async_wait(kAwait);
}

asio::awaitable<void> FramePump::read_all(wire::FrameReader* reader) {
  while (!stopped_) {
    const auto frame = co_await gms::net::read_frame(&from_, reader);
    if (!frame || stopped_) break;
    take(*frame);
    while (is_full() && !stopped_) {
      room_.expires_after(kForever);
      co_await room_.async_wait(kAwait);
    }
  }
  finished_ = true;
  wake_.cancel();
}

asio::awaitable<void> FramePump::write_all() {
  while (!stopped_ && !(finished_ && queue_.empty())) {
    if (direction_->faults.blocked || queue_.empty()) {
      co_await pause_until(Clock::now() + kForever);
      continue;
    }
    const auto first = queue_.begin();
    if (first->first > Clock::now()) {
      co_await pause_until(first->first);
      continue;
    }
    Item item = std::move(first->second);
    queue_.erase(first);
    queued_bytes_ -= item.bytes.size();
    if (!is_full()) room_.cancel();
    const bool goes_on = co_await write(std::move(item));
    if (!goes_on) break;
  }
}

asio::awaitable<bool> FramePump::write(Item item) {
  const bool whole = item.cut_after >= item.bytes.size();
  const gms::model::ByteSpan bytes(item.bytes.data(), whole ? item.bytes.size() : item.cut_after);
  if (direction_->faults.byte_pause > 0ms) {
    direction_->counts.add(Fault::trickled);
    const bool written = co_await trickle(bytes);
    if (!written) co_return false;
  } else {
    const asio::const_buffer buffer(bytes.data(), bytes.size());
    const auto [error, count] = co_await asio::async_write(to_, buffer, kAwait);
    if (error) co_return false;
  }
  if (!whole) direction_->counts.add(Fault::cut);
  co_return whole;
}

asio::awaitable<bool> FramePump::trickle(gms::model::ByteSpan bytes) {
  while (!bytes.empty() && !stopped_) {
    // When the fault is over the rest comes at once.
    const auto pause = direction_->faults.byte_pause;
    const asio::const_buffer buffer(bytes.data(), pause > 0ms ? 1 : bytes.size());
    const auto [error, count] = co_await asio::async_write(to_, buffer, kAwait);
    if (error) co_return false;
    bytes = bytes.subspan(count);
    if (pause > 0ms) co_await pause_until(Clock::now() + pause);
  }
  co_return !stopped_;
}

}  // namespace tests::faults
