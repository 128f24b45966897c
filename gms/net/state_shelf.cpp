#include "gms/net/state_shelf.hpp"

#include <algorithm>
#include <utility>

#include "gms/net/socket.hpp"
#include "gms/wire/state_codec.hpp"

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::ErrorCode;
using model::SnapshotId;

namespace {

void refuse(tcp::socket& socket, ErrorCode code, const char* why) {
  prepare(socket);
  wire::FrameWriter frames;
  add_state_refusal(frames, code, why);
  // The socket of a connection this young takes a frame this small at once.
  const error_code ignored = write_some(socket, frames);
  static_cast<void>(ignored);
  close(socket);
}

}  // namespace

StateShelf::StateShelf(boost::asio::io_context& context, const TransferSettings& settings,
                       TransferCounters& counters)
    : settings_(settings), counters_(counters), timer_(context) {}

void StateShelf::stop() {
  if (std::exchange(stopped_, true)) return;
  timer_.cancel();
  withdraw();
}

void StateShelf::withdraw() {
  for (const auto& serving : servings_) serving->stop();
  servings_.clear();
  counters_.serving = 0;
  snapshots_.clear();
}

void StateShelf::put(SnapshotId id, std::unique_ptr<model::StateSource> source) {
  if (stopped_) return;
  snapshots_[id] = {std::move(source), false, Clock::now(), 0};
}

void StateShelf::release(SnapshotId id) {
  const auto found = snapshots_.find(id);
  if (found == snapshots_.end()) return;
  found->second.released = true;
  found->second.last_used = Clock::now();
  drop_what_is_over();
}

void StateShelf::serve(tcp::socket socket, SnapshotId id) {
  if (stopped_) return;
  const auto found = snapshots_.find(id);
  if (found == snapshots_.end())
    return refuse(socket, ErrorCode::not_found, "this snapshot is not here any more");
  if (servings_.size() >= settings_.serving_max)
    return refuse(socket, ErrorCode::busy, "as many pull from here as may at a time");
  ++found->second.servings;
  servings_.insert(StateServing::start(std::move(socket), settings_, {id, *found->second.source},
                                       *this, counters_));
  counters_.serving = servings_.size();
}

void StateShelf::on_pulled(StateServing& serving) {
  snapshots_.at(serving.snapshot()).last_used = Clock::now();
}

void StateShelf::on_serving_ended(StateServing& serving) {
  --snapshots_.at(serving.snapshot()).servings;
  servings_.erase(serving.shared_from_this());
  counters_.serving = servings_.size();
  drop_what_is_over();
}

void StateShelf::drop_what_is_over() {
  const Clock::time_point now = Clock::now();
  std::erase_if(snapshots_, [&](const auto& entry) {
    return entry.second.can_go() && now - entry.second.last_used >= settings_.kept_after_release;
  });
  const auto can_go = [](const auto& entry) { return entry.second.can_go(); };
  while (static_cast<std::size_t>(std::ranges::count_if(snapshots_, can_go)) >
         settings_.released_max)
    drop_oldest_released();
  arm_timer();
}

void StateShelf::drop_oldest_released() {
  auto oldest = snapshots_.end();
  for (auto at = snapshots_.begin(); at != snapshots_.end(); ++at) {
    if (!at->second.can_go()) continue;
    if (oldest == snapshots_.end() || at->second.last_used < oldest->second.last_used) oldest = at;
  }
  snapshots_.erase(oldest);
}

void StateShelf::arm_timer() {
  std::optional<Clock::time_point> next;
  for (const auto& [id, snapshot] : snapshots_) {
    if (!snapshot.can_go()) continue;
    const Clock::time_point over = snapshot.last_used + settings_.kept_after_release;
    next = std::min(next.value_or(over), over);
  }
  if (!next || stopped_) return;
  timer_.expires_at(*next);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && !self->stopped_) self->drop_what_is_over();
  });
}

}  // namespace gms::net
