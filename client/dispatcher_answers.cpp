#include "client/dispatcher.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "gms/model/bytes.hpp"
#include "kvstore/api/command_reply.hpp"

namespace client {
namespace {

namespace api = kvstore::api;
using api::RequestId;
using gms::model::as_text;
using std::chrono::milliseconds;

/// The pause after the first busy answer, the longest, and the longest that a server may ask for.
constexpr milliseconds kBusyPause{4};
constexpr milliseconds kBusyPauseMax{256};
constexpr milliseconds kRetryAfterMax{5000};

std::string in_seconds(milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

// Answers.

void Dispatcher::take_reply(Endpoint& endpoint, PendingCall& call, const api::Reply& reply) {
  if (call.draft.route == Route::leader) confirm_leader(endpoint);
  const Answer answer{reply.body, endpoint.address};
  if (call.draft.numbering == Numbering::session) return take_write_reply(call, answer);
  finish(call, answer);
}

void Dispatcher::take_write_reply(PendingCall& call, const Answer& answer) {
  const auto reply = api::decode_command_reply(answer.body);
  // Who answers with what cannot be read may well have done it.
  if (!reply)
    return finish(call, Error{ErrorCode::outcome_unknown,
                              "its answer cannot be read: " + reply.error().detail});
  switch (reply->outcome) {
    case Outcome::done:
    case Outcome::not_found:
    case Outcome::condition_failed: return finish(call, answer);
    case Outcome::session_expired: return take_expired(call);
    case Outcome::stale:
      return finish(call, Error{ErrorCode::outcome_unknown, "its reply was given up already"});
    case Outcome::busy:
      call.refusal = Error{ErrorCode::busy, "the session has too many unanswered writes"};
      take_full_session(call);
      return retry_later(call);
    case Outcome::invalid:
      return finish(call, Error{ErrorCode::invalid_argument, "the server refused the command"});
  }
}

/// A session without room executed nothing under this number, and with no copy out it never will.
/// The call gets another one: what it held back was the acknowledgement of all that came after it,
/// and with that the room that it waits for. Fewer calls at a time leave it some.
void Dispatcher::take_full_session(PendingCall& call) {
  const bool is_current = call.session == session_.id();
  if (is_current) session_.narrow();
  if (call.in_doubt()) return;
  if (is_current) session_.finish(call.number);
  call.number = api::CallNumber();
  call.session = api::SessionId();
}

/// This copy was not executed, and none that comes after it will be; one before it may have been
/// [C27].
void Dispatcher::take_expired(PendingCall& call) {
  if (call.session == session_.id()) session_.close();
  if (call.in_doubt())
    return finish(call, Error{ErrorCode::outcome_unknown, "the session has expired"});
  call.number = api::CallNumber();
  call.session = api::SessionId();
  call.queued = false;
  queue(call);
}

void Dispatcher::take_refusal(Endpoint& endpoint, PendingCall& call, const api::Reply& reply) {
  Error error{*reply.error, std::string(as_text(reply.body))};
  if (call.draft.route == Route::member) return finish(call, std::move(error));
  // To an operator it is the group's answer, whoever passed it on.
  const bool is_verdict =
      error.code == ErrorCode::unavailable || error.code == ErrorCode::outcome_unknown;
  if (is_verdict && call.draft.route == Route::any_once) return finish(call, std::move(error));
  switch (error.code) {
    case ErrorCode::busy:
      if (call.id == registration_) no_session_ = error;
      call.refusal = std::move(error);
      return retry_later(call, reply.retry_after);
    case ErrorCode::outcome_unknown:
      call.maybe_taken = call.maybe_taken || call.is_write();
      [[fallthrough]];
    case ErrorCode::not_leader:
    case ErrorCode::unavailable:
    case ErrorCode::closed:
    case ErrorCode::timed_out:
      // Why the leader does not do it says more than who does not lead.
      if (!call.refusal || error.code != ErrorCode::not_leader ||
          call.refusal->code == ErrorCode::not_leader)
        call.refusal = Error{error.code, endpoint.label() + ": " + error.detail};
      follow_hint(endpoint, reply.leader);
      if (call.asked == 0) queue(call);
      return;
    default:
      // Of a write that another copy may have carried out, one member's refusal says nothing.
      if (call.in_doubt()) error.code = ErrorCode::outcome_unknown;
      return finish(call, std::move(error));
  }
}

void Dispatcher::retry_later(PendingCall& call, milliseconds retry_after) {
  // A search for the leader goes on with the next call.
  call.queued = false;
  const milliseconds pause = kBusyPause * (1 << std::min(call.times_busy, 6U));
  ++call.times_busy;
  call.retry_at =
      now_ + std::max(std::min(pause, kBusyPauseMax), std::min(retry_after, kRetryAfterMax));
  delayed_.emplace(call.retry_at, call.id);
}

// Ends.

void Dispatcher::finish(PendingCall& call, Result<Answer> answer) {
  if (call.number != api::CallNumber() && call.session == session_.id())
    session_.finish(call.number);
  surplus_ranges_.ended(call);
  // Out of the table first: the caller may make its next call from within.
  const auto ended = calls_.remove(call.id);
  ended->finish(std::move(answer));
}

void Dispatcher::end_overdue() {
  for (const RequestId id : calls_.overdue(now_))
    if (PendingCall* call = calls_.find(id); call != nullptr) finish(*call, overdue_error(*call));
}

Error Dispatcher::overdue_error(const PendingCall& call) const {
  const std::string why = trouble(call);
  const std::string late = "no answer in " + in_seconds(call.draft.deadline);
  if (call.in_doubt()) return {ErrorCode::outcome_unknown, why.empty() ? late : why};
  // A write that never had a number waited for a session.
  const auto& refusal = call.needs_number() && !call.refusal ? no_session_ : call.refusal;
  if (refusal && refusal->code == ErrorCode::busy) return *refusal;
  if (why.empty()) return {ErrorCode::timed_out, late};
  return {ErrorCode::unavailable, why};
}

/// What keeps a call from being answered, for people; empty if nothing is known to.
std::string Dispatcher::trouble(const PendingCall& call) const {
  if (call.draft.route == Route::member) return {};
  const std::string missing = endpoints_.missing(now_);
  if (missing.starts_with("no quorum")) return missing;
  if (call.refusal) {
    const bool leads_not = call.refusal->code == ErrorCode::not_leader;
    const std::string& detail = call.refusal->detail;
    const std::string refused = leads_not ? "no leader (" + detail + ")" : detail;
    return missing.empty() ? refused : refused + "; " + missing;
  }
  return leader_ == nullptr && !missing.empty() ? "no leader is known; " + missing : "";
}

void Dispatcher::end_all() {
  timer_.cancel();
  for (const auto& endpoint : endpoints_)
    if (endpoint->connection != nullptr) std::exchange(endpoint->connection, nullptr)->stop();
  std::vector<RequestId> open;
  calls_.for_each([&](const PendingCall& call) { open.push_back(call.id); });
  for (const RequestId id : open) {
    PendingCall* call = calls_.find(id);
    // With the registration end the writes that wait for it.
    if (call == nullptr) continue;
    finish(*call, Error{call->in_doubt() ? ErrorCode::outcome_unknown : ErrorCode::closed,
                        "the client has stopped"});
  }
  inbox_.take_all([this](std::unique_ptr<PendingCall> call) { admit(std::move(call)); });
}

}  // namespace client
