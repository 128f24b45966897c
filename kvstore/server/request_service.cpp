#include "kvstore/server/request_service.hpp"

#include <algorithm>
#include <utility>

#include "kvstore/api/command.hpp"

namespace kvstore::server {

using api::Request;
using api::RequestKind;
using gms::model::Duration;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Instant;
using gms::model::MemberId;
using gms::model::Result;
using gms::model::Ticket;

namespace {

/// A held request is answered this much before its client gives up, so that the client hears that
/// it was not ordered instead of having to call that unknown.
constexpr Duration kAnswerMarginMax = std::chrono::milliseconds(250);

/// What is wrong with a body is the client's argument, not the integrity of anybody's data.
Error refused(const Error& error) {
  if (error.code != ErrorCode::corrupt) return error;
  return {ErrorCode::invalid_argument, error.detail};
}

Result<void> check_command(gms::model::ByteSpan body) {
  const auto command = api::decode_command(body);
  if (!command) return refused(command.error());
  if (std::holds_alternative<api::ExpireSessions>(*command))
    return Error{ErrorCode::invalid_argument, "sessions are expired by the leader alone"};
  return {};
}

/// Whether the command puts something, if only in the place of another value: the log grows by it.
/// All else is small, and a delete does not go without a session.
bool grows(gms::model::ByteSpan body) {
  const auto command = api::decode_command(body);
  const auto* call = command ? std::get_if<api::Call>(&*command) : nullptr;
  return call != nullptr && std::holds_alternative<api::Put>(call->operation);
}

/// Nothing was ordered when the group does not take it.
Error not_taken(const Error& error) {
  if (error.code != ErrorCode::closed) return error;
  return {ErrorCode::unavailable, "this member is starting or stopping"};
}

}  // namespace

RequestService::RequestService(const Parts& parts, const ServiceLimits& limits)
    : parts_(parts), limits_(limits), reads_(parts.replica, parts.answers, limits_) {}

void RequestService::take(const Origin& origin, const Request& request, Instant now) {
  switch (request.kind) {
    case RequestKind::write: return take_write(origin, request, now);
    case RequestKind::get:
    case RequestKind::range: return take_read(origin, request, now);
    case RequestKind::page: return take_page(origin, request, now);
    case RequestKind::close_cursor: return take_close_cursor(origin, request);
    case RequestKind::status: return take_status(origin);
    case RequestKind::members: return answer(origin, parts_.inspection.members());
    case RequestKind::digest: return take_digest(origin, request);
    case RequestKind::events: return take_events(origin, request);
    case RequestKind::admin: return take_admin(origin, request);
    case RequestKind::views: return answer(origin, parts_.inspection.views());
  }
}

Instant RequestService::deadline_of(const Request& request, Instant now) const {
  if (request.deadline == Duration::zero() || request.deadline > limits_.hold_time_max)
    return now + limits_.hold_time_max;
  return now + request.deadline - std::min(request.deadline / 5, kAnswerMarginMax);
}

/// What the member says of itself, and what waits here.
void RequestService::take_status(const Origin& origin) {
  api::StatusReply status = parts_.inspection.status();
  const std::initializer_list<api::Counter> counters = {
      {"clients.held", held_.size()},
      {"clients.reads_waiting", reads_.waiting()},
      {"clients.reads_parked", reads_.parked()},
      {"store.cursors", parts_.replica.ranges().open_count()},
  };
  status.counters.insert(status.counters.end(), counters.begin(), counters.end());
  answer(origin, status);
}

void RequestService::take_write(const Origin& origin, const Request& request, Instant now) {
  if (const auto checked = check_command(request.body); !checked)
    return fail(origin, checked.error());
  lead({origin, request.kind, deadline_of(request, now), {}, request.body});
}

void RequestService::take_read(const Origin& origin, const Request& request, Instant now) {
  Result<api::Freshness> freshness = api::Freshness();
  if (request.kind == RequestKind::get) {
    const auto query = api::decode_get_query(request.body);
    freshness = query ? Result(query->freshness) : query.error();
  } else {
    const auto query = api::decode_range_query(request.body);
    freshness = query ? Result(query->freshness) : query.error();
  }
  if (!freshness) return fail(origin, refused(freshness.error()));
  if (refuses_state(origin)) return;
  const Instant deadline = deadline_of(request, now);
  if (freshness->level == api::ReadLevel::local)
    return reads_.serve({origin, request.kind, freshness->revision_min, deadline, request.body},
                        now);
  lead({origin, request.kind, deadline, freshness->revision_min, request.body});
}

void RequestService::take_page(const Origin& origin, const Request& request, Instant now) {
  const auto query = api::decode_page_query(request.body);
  if (!query) return fail(origin, refused(query.error()));
  if (refuses_state(origin)) return;
  if (!parts_.answers.has_room(origin.connection))
    return fail(origin, {ErrorCode::busy, "take the replies that are waiting first"});
  reply_.clear();
  const auto done = parts_.replica.ranges().next_page(*query, now, reply_);
  if (!done) return reads_.fail(origin, done.error());
  parts_.answers.done(origin, reply_.bytes(), parts_.replica.applied());
}

void RequestService::take_close_cursor(const Origin& origin, const Request& request) {
  const auto query = api::decode_close_cursor_query(request.body);
  if (!query) return fail(origin, refused(query.error()));
  parts_.replica.ranges().close(*query);
  parts_.answers.done(origin, {}, parts_.replica.applied());
}

void RequestService::on_closed(ConnectionKey connection) {
  parts_.replica.ranges().close_all_of(reader_of(connection));
  // Nobody waits for what was to be asked once a leader is known, but until it is answered the port
  // counts it as under way.
  std::erase_if(held_, [&](const Held& held) {
    if (held.origin.connection != connection) return false;
    held_bytes_ -= held.body.size();
    fail(held.origin, {ErrorCode::closed, "the client is gone"});
    return true;
  });
}

void RequestService::take_digest(const Origin& origin, const Request& request) {
  const auto query = api::decode_digest_query(request.body);
  if (!query) return fail(origin, refused(query.error()));
  answer(origin, parts_.replica.digest_at(*query));
}

void RequestService::take_events(const Origin& origin, const Request& request) {
  const auto query = api::decode_events_query(request.body);
  if (!query) return fail(origin, refused(query.error()));
  answer(origin, parts_.inspection.events(*query));
}

void RequestService::take_admin(const Origin& origin, const Request& request) {
  const auto query = api::decode_admin_query(request.body);
  if (!query) return fail(origin, refused(query.error()));
  const auto ticket = parts_.ordering.administer(*query);
  // Where the group is closed another member can still be asked, which `unavailable` would end.
  if (!ticket) return fail(origin, ticket.error());
  admins_.emplace(*ticket, origin);
}

void RequestService::lead(const Leading& request) {
  switch (standing_.place) {
    case LeaderPlace::unknown: return hold(request);
    case LeaderPlace::elsewhere:
      // The barrier asks the leader; the rows are this replica's.
      if (request.kind != RequestKind::write) return read(request);
      return fail(request.origin,
                  {ErrorCode::not_leader, "the leader is " + standing_.leader.name});
    case LeaderPlace::here: break;
  }
  if (request.kind == RequestKind::write) return propose(request);
  read(request);
}

void RequestService::propose(const Leading& request) {
  if (refuses_state(request.origin)) return;
  if (!standing_.refusing_writes.empty())
    return fail_for_room(request.origin, standing_.refusing_writes);
  if (!standing_.refusing_growth.empty() && grows(request.body))
    return fail_for_room(request.origin, standing_.refusing_growth);
  const auto ticket = parts_.ordering.propose(request.body);
  if (!ticket) return fail(request.origin, not_taken(ticket.error()));
  parts_.writes.await(*ticket, request.origin);
}

void RequestService::read(const Leading& request) {
  if (refuses_state(request.origin)) return;
  const auto ticket = parts_.ordering.read_barrier();
  if (!ticket) return fail(request.origin, not_taken(ticket.error()));
  reads_.serve_after(*ticket, {request.origin, request.kind, request.revision_min, request.deadline,
                               request.body});
}

void RequestService::hold(const Leading& request) {
  if (held_.size() >= limits_.held_requests_max ||
      held_bytes_ + request.body.size() > limits_.held_bytes_max)
    return fail(request.origin, {ErrorCode::busy, "no leader is known, and too many wait for one"});
  held_bytes_ += request.body.size();
  held_.push_back({request.origin,
                   request.kind,
                   request.deadline,
                   request.revision_min,
                   {request.body.begin(), request.body.end()}});
}

void RequestService::stand(Standing standing, Instant now) {
  standing_ = std::move(standing);
  if (standing_.place == LeaderPlace::unknown) return;
  const std::deque<Held> waiting = std::exchange(held_, {});
  held_bytes_ = 0;
  for (const Held& held : waiting) {
    if (held.deadline <= now) {
      fail(held.origin, {ErrorCode::unavailable, "no leader was known in time"});
    } else {
      lead({held.origin, held.kind, held.deadline, held.revision_min, held.body});
    }
  }
}

void RequestService::expire(Instant now) {
  std::erase_if(held_, [&](const Held& held) {
    if (held.deadline > now) return false;
    held_bytes_ -= held.body.size();
    fail(held.origin, {ErrorCode::unavailable, "no leader is known" + standing_.missing});
    return true;
  });
  reads_.expire(now);
}

void RequestService::refuse_held(const Error& error) {
  const std::deque<Held> waiting = std::exchange(held_, {});
  held_bytes_ = 0;
  for (const Held& held : waiting) fail(held.origin, error);
}

void RequestService::on_read_ready(Ticket ticket, Instant now) {
  reads_.on_barrier(ticket, now);
}

void RequestService::on_completed(Ticket first, std::uint64_t count,
                                  const std::optional<Error>& error, MemberId leader) {
  const MemberContact contact = parts_.inspection.contact(leader);
  for (auto next = admins_.lower_bound(first); next != admins_.end() && next->first < first + count;
       next = admins_.erase(next)) {
    if (error) {
      parts_.answers.failed(next->second, *error, parts_.replica.applied(), contact);
    } else {
      parts_.answers.done(next->second, {}, parts_.replica.applied());
    }
  }
  if (error) reads_.on_lost(first, count, *error, contact);
  parts_.writes.on_lost(first, count, error, contact);
}

void RequestService::fail(const Origin& origin, const Error& error) {
  parts_.answers.failed(origin, error, parts_.replica.applied(), standing_.leader);
}

void RequestService::fail_for_room(const Origin& origin, const std::string& why) {
  parts_.answers.failed(origin, {ErrorCode::busy, why}, parts_.replica.applied(), standing_.leader,
                        kRetryAfterRoom);
}

bool RequestService::refuses_state(const Origin& origin) {
  if (reads_.state_use() == StateUse::served) return false;
  fail(origin, out_of_use());
  return true;
}

template <class Reply>
void RequestService::answer(const Origin& origin, const Reply& reply) {
  reply_.clear();
  encode(reply, reply_);
  parts_.answers.done(origin, reply_.bytes(), parts_.replica.applied());
}

}  // namespace kvstore::server
