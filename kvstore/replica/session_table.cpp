#include "kvstore/replica/session_table.hpp"

#include <algorithm>
#include <utility>

#include "gms/model/assert.hpp"

namespace kvstore::replica {
namespace {

using api::CallNumber;
using api::CommandReply;
using api::Outcome;
using gms::model::GroupClock;
using gms::model::Index;
using gms::model::Result;

/// The first reply whose number is not below `number`.
auto at_or_after(std::deque<CachedReply>& replies, CallNumber number) {
  return std::lower_bound(
      replies.begin(), replies.end(), number,
      [](const CachedReply& reply, CallNumber wanted) { return reply.number < wanted; });
}

const CachedReply* find(Session& session, CallNumber number) {
  if (session.replies.empty() || session.replies.back().number < number) return nullptr;
  const auto found = at_or_after(session.replies, number);
  return found != session.replies.end() && found->number == number ? &*found : nullptr;
}

std::size_t held_bytes(const CachedReply& reply) {
  return reply.previous ? reply.previous->value.size() : 0;
}

}  // namespace

Result<void> SessionTable::load(const storage::Snapshot& rows) {
  GMS_ASSERT(sessions_.empty(), "sessions are loaded once");
  const auto scan = rows.scan(storage::Space::session, {}, api::Direction::ascending);
  for (; scan->at_row(); scan->next()) {
    auto session = decode_session(scan->pair());
    if (!session) return session.error();
    sessions_.push_back(*std::move(session));
  }
  if (auto status = scan->status(); !status) return status.error();
  sessions_.sort([](const Session& a, const Session& b) { return a.touched < b.touched; });
  for (auto place = sessions_.begin(); place != sessions_.end(); ++place) {
    by_id_.emplace(place->id.value(), place);
    by_nonce_.emplace(place->nonce.value(), place);
    hold(*place, std::exchange(place->held_bytes, 0));
    staged_ = place->touched;
  }
  return {};
}

api::SessionId SessionTable::open(api::Nonce nonce, Index at, GroupClock clock) {
  if (const auto found = by_nonce_.find(nonce.value()); found != by_nonce_.end()) {
    touch(found->second, at, clock);
    return found->second->id;
  }
  if (sessions_.size() >= limits_.sessions_max) remove(sessions_.begin());
  Session& session = sessions_.emplace_back();
  session.id = api::SessionId(at.value());
  session.nonce = nonce;
  const Place place = std::prev(sessions_.end());
  by_id_.emplace(session.id.value(), place);
  by_nonce_.emplace(nonce.value(), place);
  touch(place, at, clock);
  return session.id;
}

Admission SessionTable::admit(const api::Call& call, Index at, GroupClock clock) {
  const auto found = by_id_.find(call.session.value());
  if (found == by_id_.end()) return AnswerWith{{Outcome::session_expired, {}, {}}};
  touch(found->second, at, clock);
  Session& session = *found->second;
  // A call cannot acknowledge itself.
  acknowledge(session, std::min(call.acknowledged, call.number.previous()));
  if (call.number <= session.watermark) return AnswerWith{{Outcome::stale, {}, {}}};
  if (const CachedReply* known = find(session, call.number)) return AnswerWith{known->reply()};
  if (session.replies.size() >= limits_.unacknowledged_calls_max ||
      session.held_bytes >= limits_.unacknowledged_bytes_max)
    return AnswerWith{{Outcome::busy, {}, {}}};
  return Execute{&session};
}

void SessionTable::remember(Session& session, CallNumber number, const CommandReply& reply) {
  CachedReply cached{number, reply.revision, reply.outcome, std::nullopt};
  if (reply.previous) {
    const auto value = reply.previous->value;
    cached.previous = CachedReply::Held{reply.previous->revision, {value.begin(), value.end()}};
  }
  hold(session, session.held_bytes + held_bytes(cached));
  while (held_bytes_ > limits_.held_bytes_max && holders_.front() != session.id)
    remove(by_id_.at(holders_.front().value()));
  if (session.replies.empty() || session.replies.back().number < number) {
    session.replies.push_back(std::move(cached));
  } else {
    session.replies.insert(at_or_after(session.replies, number), std::move(cached));
  }
}

void SessionTable::expire(GroupClock cutoff) {
  while (!sessions_.empty() && sessions_.front().last_active < cutoff) remove(sessions_.begin());
}

void SessionTable::stage(StagedChanges& changes) {
  for (const api::SessionId id : removed_) changes.erase_session(id);
  removed_.clear();
  // Every touch moves a session to the end, so the changed ones are there.
  auto first = sessions_.end();
  while (first != sessions_.begin() && std::prev(first)->touched > staged_) --first;
  for (; first != sessions_.end(); ++first) {
    changes.put_session(first->id, api::revision_at(first->touched), encode(*first));
    staged_ = first->touched;
  }
}

std::optional<GroupClock> SessionTable::oldest_activity() const {
  if (sessions_.empty()) return std::nullopt;
  return sessions_.front().last_active;
}

void SessionTable::touch(Place session, Index at, GroupClock clock) {
  session->last_active = clock;
  session->touched = at;
  sessions_.splice(sessions_.end(), sessions_, session);
  if (session->holder) holders_.splice(holders_.end(), holders_, *session->holder);
}

void SessionTable::acknowledge(Session& session, CallNumber upto) {
  session.watermark = std::max(session.watermark, upto);
  std::size_t bytes = session.held_bytes;
  while (!session.replies.empty() && session.replies.front().number <= session.watermark) {
    bytes -= held_bytes(session.replies.front());
    session.replies.pop_front();
  }
  hold(session, bytes);
}

void SessionTable::hold(Session& session, std::size_t bytes) {
  held_bytes_ += bytes - session.held_bytes;
  session.held_bytes = bytes;
  if (bytes > 0 && !session.holder) session.holder = holders_.insert(holders_.end(), session.id);
  if (bytes == 0 && session.holder) holders_.erase(*std::exchange(session.holder, std::nullopt));
}

void SessionTable::remove(Place session) {
  hold(*session, 0);
  removed_.push_back(session->id);
  by_id_.erase(session->id.value());
  by_nonce_.erase(session->nonce.value());
  sessions_.erase(session);
}

}  // namespace kvstore::replica
