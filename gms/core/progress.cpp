#include "gms/core/progress.hpp"

#include <algorithm>

#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

bool Progress::may_send(const Window& window) const {
  switch (state_) {
    case ProgressState::probe: return !probe_sent_;
    case ProgressState::reading:
    case ProgressState::snapshot: return false;
    case ProgressState::replicate:
      return inflight_.size() < window.messages_max && inflight_bytes_ < window.bytes_max;
  }
  return false;
}

void Progress::sent(Index last, std::size_t bytes) {
  if (state_ == ProgressState::probe) {
    probe_sent_ = true;
    return;
  }
  if (last < next_) return;
  inflight_.push_back({last, bytes});
  inflight_bytes_ += bytes;
  next_ = last.next();
}

bool Progress::accepted(Index match, AppendId newest) {
  probe_sent_ = false;
  lacking_ = false;
  const bool grew = match > match_;
  if (grew) {
    match_ = match;
    // Only an Append sent after this acknowledgement arrived can prove a loss.
    match_id_ = newest;
  }
  next_ = std::max(next_, match_.next());
  free_up_to(match_);
  if (state_ == ProgressState::probe) state_ = ProgressState::replicate;
  if (fetch_ && match_ >= fetch_->index) {
    fetch_.reset();
    fetch_succeeded();
    state_ = ProgressState::replicate;
  }
  resume_ = ProgressState::replicate;
  return grew;
}

Progress::Rejection Progress::judge(const AppendReply& reply) const {
  if (reply.last_index < match_) {
    if (reply.id > match_id_) return Rejection::lost_entries;
    return Rejection::stale;
  }
  if (reply.id <= given_up_) return Rejection::stale;
  if (state_ == ProgressState::probe)
    return reply.rejected == next_.previous() ? Rejection::retry : Rejection::stale;
  return reply.rejected <= match_ ? Rejection::stale : Rejection::retry;
}

void Progress::probe_from(Index next, AppendId newest) {
  restart_probe(newest);
  next_ = std::max(match_.next(), next);
}

void Progress::restart_probe(AppendId newest) {
  clear_inflight();
  fetch_.reset();
  given_up_ = newest;
  state_ = ProgressState::probe;
  resume_ = ProgressState::probe;
  probe_sent_ = false;
  next_ = match_ == Index() ? next_ : match_.next();
}

void Progress::await_snapshot(SnapshotId id, Index index, Instant now) {
  clear_inflight();
  state_ = ProgressState::snapshot;
  fetch_ = Fetch{id, index, 0, now, now};
}

bool Progress::fetched(std::uint64_t bytes, Instant now) {
  if (bytes <= fetch_->bytes) return false;
  fetch_->bytes = bytes;
  fetch_->progressed_at = now;
  return true;
}

void Progress::fetch_failed(Instant now, Duration first, Duration longest) {
  constexpr unsigned kDoublingsMax = 16;
  const Duration wait = first * (1 << std::min(fetches_failed_, kDoublingsMax));
  ++fetches_failed_;
  offer_after_ = now + std::min(wait, longest);
}

void Progress::heard(Instant now, Duration gap_max) {
  if (now - last_heard_ > gap_max) heard_since_ = now;
  spoke_ = true;
  last_heard_ = std::max(last_heard_, now);
  active_ = true;
}

void Progress::free_up_to(Index match) {
  while (!inflight_.empty() && inflight_.front().last <= match) {
    inflight_bytes_ -= inflight_.front().bytes;
    inflight_.pop_front();
  }
}

void Progress::clear_inflight() {
  inflight_.clear();
  inflight_bytes_ = 0;
}

}  // namespace gms::core
