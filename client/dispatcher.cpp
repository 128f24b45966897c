#include "client/dispatcher.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "client/own_calls.hpp"
#include "kvstore/api/command.hpp"

namespace client {
namespace {

namespace api = kvstore::api;
using api::RequestId;
using gms::model::as_text;
using std::chrono::milliseconds;

/// Bytes that wait in one connection; more wait as calls.
constexpr std::size_t kQueuedBytesMax = 8 * 1024 * 1024;
/// How often deadlines and silence are looked at, and how often while something is due soon.
constexpr milliseconds kTick{20};
constexpr milliseconds kQuickTick{1};
/// The pause after the first busy answer, the longest, and the longest that a server may ask for.
constexpr milliseconds kBusyPause{4};
constexpr milliseconds kBusyPauseMax{256};
constexpr milliseconds kRetryAfterMax{5000};

/// How a call to one member ends when that is lost.
Error lost_member_error(const PendingCall& call, const Error& reason) {
  if (call.draft.route == Route::any_once) return {ErrorCode::outcome_unknown, reason.detail};
  if (call.draft.kind == api::RequestKind::page)
    return {ErrorCode::unavailable, "the replica that served the range is lost: " + reason.detail};
  return {ErrorCode::unavailable, reason.detail};
}

std::string in_seconds(milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

/// What happens at one moment: everything that it queues leaves at its end.
class Dispatcher::Turn {
 public:
  explicit Turn(Dispatcher& owner) : owner_(owner) {
    owner_.now_ = Clock::now();
    owner_.in_turn_ = true;
  }
  ~Turn() {
    if (!owner_.stopped_) {
      owner_.pump();
      owner_.flush();
      owner_.arm_timer();
    }
    owner_.in_turn_ = false;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Dispatcher& owner_;
};

Dispatcher::Dispatcher(boost::asio::io_context& context, Options options)
    : context_(context),
      options_(std::move(options)),
      timer_(context),
      endpoints_(options_.endpoints),
      unacknowledged_max_(std::max<std::size_t>(options_.session.writes_in_flight_max, 1)) {}

// Taking calls in.

void Dispatcher::enqueue(std::unique_ptr<PendingCall> call) {
  if (context_.get_executor().running_in_this_thread()) {
    admit(std::move(call));
    if (!in_turn_) schedule_turn();
  } else if (inbox_.push(std::move(call)) == CallInbox::Wake::needed) {
    boost::asio::post(context_, [self = shared_from_this()] { self->take_inbox(); });
  }
}

void Dispatcher::schedule_turn() {
  if (std::exchange(turn_scheduled_, true)) return;
  boost::asio::post(context_, [self = shared_from_this()] {
    self->turn_scheduled_ = false;
    const Turn turn(*self);
  });
}

void Dispatcher::take_inbox() {
  const Turn turn(*this);
  inbox_.take_all([this](std::unique_ptr<PendingCall> call) { admit(std::move(call)); });
}

void Dispatcher::admit(std::unique_ptr<PendingCall> call) {
  if (stopped_) return call->finish(Error{ErrorCode::closed, "the client has stopped"});
  if (calls_.size() >= options_.calls_max ||
      calls_.bytes() + call->draft.body.size() > options_.bytes_max)
    return call->finish(Error{ErrorCode::busy, "too many calls of this client are not complete"});
  queue(calls_.add(std::move(call)));
}

void Dispatcher::queue(PendingCall& call) {
  // A busy call waits for its time among the delayed ones.
  if (call.retry_at > now_ || std::exchange(call.queued, true)) return;
  switch (call.draft.route) {
    case Route::leader:
      return (call.needs_number() ? for_session_ : for_leader_).push_back(call.id);
    case Route::any:
    case Route::any_once: return for_any_.push_back(call.id);
    case Route::member: break;
  }
  if (Endpoint* endpoint = endpoints_.at(call.draft.address))
    endpoint->waiting.push_back(call.id);
  else
    finish(call, Error{ErrorCode::unavailable, "too many addresses"});
}

void Dispatcher::stop() {
  boost::asio::post(context_, [self = shared_from_this()] {
    if (!std::exchange(self->stopped_, true)) self->end_all();
  });
}

// Sending.

void Dispatcher::pump() {
  end_overdue();
  check_silence();
  requeue_delayed();
  if (calls_.size() > 0) connect_where_due();
  pump_session();
  pump_leader();
  pump_any();
  pump_members();
}

void Dispatcher::connect_where_due() {
  for (const auto& endpoint : endpoints_) {
    if (endpoint->in_group || endpoint->connect_at > now_) continue;
    if (endpoint->connection != nullptr) {
      // Which group a member has joined meanwhile only another Welcome tells.
      if (!endpoint->open || !endpoint->is_idle()) continue;
      endpoint->connection->stop();
      endpoint->open = false;
    }
    connect(*endpoint);
  }
}

void Dispatcher::connect(Endpoint& endpoint) {
  endpoint.connection =
      std::make_shared<Connection>(context_, endpoint.address, endpoint.index, *this);
  endpoint.connection->start({api::kClientProtocolVersion, group_});
}

void Dispatcher::pump_session() {
  while (!for_session_.empty()) {
    PendingCall* call = calls_.find(for_session_.front());
    if (call != nullptr) {
      if (!session_.is_open()) return start_registration();
      if (session_.in_flight() >= unacknowledged_max_) return;
      number(*call);
      for_leader_.push_back(call->id);
    }
    for_session_.pop_front();
  }
}

void Dispatcher::number(PendingCall& call) {
  call.session = session_.id();
  call.number = session_.take();
  call.take_body_back();
  api::number_call(call.draft.body, call.session, call.number, session_.acknowledged());
}

/// What a call acknowledged when it was numbered may be what keeps it busy: replies that are given
/// up make room for its own.
void Dispatcher::renew_acknowledgement(PendingCall& call) {
  const bool is_numbered = session_.is_open() && call.session == session_.id();
  if (!is_numbered || call.asked != 0) return;
  // A copy of it, where a connection holds on to the one that was sent.
  call.take_body_back();
  api::number_call(call.draft.body, call.session, call.number, session_.acknowledged());
}

void Dispatcher::pump_leader() {
  while (!for_leader_.empty()) {
    PendingCall* call = calls_.find(for_leader_.front());
    // One that was taken out may wait elsewhere by now, for a number too.
    if (call != nullptr && call->queued && !call->needs_number()) {
      if (leader_ == nullptr) return search_with(*call);
      if (!leader_->open || leader_->connection->queued_bytes() > kQueuedBytesMax) return;
      call->queued = false;
      if ((call->asked & leader_->bit()) == 0) send(*leader_, *call);
    }
    for_leader_.pop_front();
  }
}

void Dispatcher::search_with(PendingCall& call) {
  for (const auto& endpoint : endpoints_) {
    const bool asked = (call.asked & endpoint->bit()) != 0;
    if (endpoint->open && !asked && endpoint->may_lead(now_)) send(*endpoint, call);
  }
}

void Dispatcher::pump_any() {
  while (!for_any_.empty()) {
    PendingCall* call = calls_.find(for_any_.front());
    if (call != nullptr && call->queued) {
      Endpoint* to = leader_ != nullptr && leader_->open ? leader_ : nullptr;
      for (const auto& endpoint : endpoints_)
        if (to == nullptr && endpoint->open && endpoint->may_lead(now_)) to = endpoint.get();
      if (to == nullptr) return;
      call->queued = false;
      send(*to, *call);
    }
    for_any_.pop_front();
  }
}

void Dispatcher::pump_members() {
  for (const auto& endpoint : endpoints_) {
    if (!endpoint->open) continue;
    for (const RequestId id : std::exchange(endpoint->waiting, {}))
      if (PendingCall* call = calls_.find(id); call != nullptr) send(*endpoint, *call);
  }
}

void Dispatcher::send(Endpoint& endpoint, PendingCall& call) {
  call.share_large_body();
  const milliseconds told = call.told_deadline(now_);
  if (call.shared_body.empty())
    endpoint.connection->queue({call.id, told, call.draft.kind, call.draft.body});
  else
    endpoint.connection->queue({call.id, told, call.draft.kind, {}}, call.shared_body);
  call.asked |= endpoint.bit();
  endpoint.asked(now_);
}

void Dispatcher::flush() {
  for (const auto& endpoint : endpoints_)
    if (endpoint->open) endpoint->connection->flush();
}

// What connections report.

/// Binds the connection to the client's group, or ends it. Connections that were opened before a
/// group was known are held against it here as well; of the others their server has done so. It
/// stays true: a member that is of a group is of no other for as long as its process runs, and its
/// connections end with that. So no server has to look at the group of each request.
std::optional<Error> Dispatcher::opened(Connection& connection, const api::Welcome& welcome) {
  Endpoint& endpoint = endpoints_[connection.tag()];
  endpoint.name = welcome.name;
  if (group_.is_none()) group_ = welcome.group;
  if (!welcome.group.is_none() && welcome.group != group_)
    return Error{ErrorCode::conflict, "this member is of group " + to_string(welcome.group) +
                                          ", not of group " + to_string(group_)};
  const Turn turn(*this);
  endpoint.open = true;
  endpoint.ask_at = {};
  endpoint.ask_pauses.reset();
  // Without a group it may join any one while this connection is open.
  endpoint.in_group = !welcome.group.is_none();
  if (!endpoint.in_group) {
    endpoint.failure = "this member has joined no group yet";
    endpoint.connect_at = now_ + endpoint.connect_pauses.next();
    return std::nullopt;
  }
  endpoint.connect_pauses.reset();
  unacknowledged_max_ =
      std::clamp<std::size_t>(welcome.unacknowledged_calls_max, 1, unacknowledged_max_);
  get_acquainted(endpoint);
  return std::nullopt;
}

void Dispatcher::get_acquainted(Endpoint& endpoint) {
  const auto learn = [this, &endpoint](const gms::model::View& view) {
    if (endpoint.in_group) endpoints_.learn(view);
  };
  queue(calls_.add(std::make_unique<AcquaintanceCall>(endpoint.address, learn)));
}

void Dispatcher::replied(Connection& connection, const api::Reply& reply) {
  // One turn a read: it begins with the first reply and ends in read_ended().
  if (!std::exchange(in_turn_, true)) now_ = Clock::now();
  Endpoint& endpoint = endpoints_[connection.tag()];
  endpoint.heard(now_);
  PendingCall* call = calls_.find(reply.id);
  if (call == nullptr) {
    if (const auto cursor = surplus_ranges_.answered(endpoint.bit(), reply))
      queue(calls_.add(std::make_unique<ClosingCall>(endpoint.address, *cursor)));
    return;
  }
  if ((call->asked & endpoint.bit()) == 0) return;
  call->asked &= ~endpoint.bit();
  if (reply.error)
    take_refusal(endpoint, *call, reply);
  else
    take_reply(endpoint, *call, reply);
}

void Dispatcher::read_ended() {
  const Turn turn(*this);
}

void Dispatcher::drained() {
  const Turn turn(*this);
}

void Dispatcher::closed(Connection& connection, const Error& error) {
  const Turn turn(*this);
  Endpoint& endpoint = endpoints_[connection.tag()];
  if (endpoint.connection.get() != &connection) return;
  endpoint.connection = nullptr;
  endpoint.open = false;
  endpoint.in_group = false;
  endpoint.outstanding = 0;
  endpoint.probed = false;
  endpoint.failure = error.detail;
  endpoint.connect_at = now_ + endpoint.connect_pauses.next();
  if (leader_ == &endpoint) lost_leader();
  end_members_calls(endpoint, error);
  surplus_ranges_.closed(endpoint.bit());
  calls_.for_each([&](PendingCall& call) {
    if ((call.asked & endpoint.bit()) != 0) lose_copy(call, endpoint);
  });
}

void Dispatcher::lose_copy(PendingCall& call, const Endpoint& endpoint) {
  call.asked &= ~endpoint.bit();
  call.maybe_taken = call.maybe_taken || call.is_write();
  if (call.asked == 0) queue(call);
}

/// Ends what only this member could have answered.
void Dispatcher::end_members_calls(Endpoint& endpoint, const Error& error) {
  std::vector<RequestId> ended(endpoint.waiting.begin(), endpoint.waiting.end());
  endpoint.waiting.clear();
  calls_.for_each([&](const PendingCall& call) {
    const bool resent = call.draft.route == Route::leader || call.draft.route == Route::any;
    if (!resent && (call.asked & endpoint.bit()) != 0) ended.push_back(call.id);
  });
  for (const RequestId id : ended)
    if (PendingCall* call = calls_.find(id); call != nullptr)
      finish(*call, lost_member_error(*call, error));
}

// The leader.

void Dispatcher::found_leader(Endpoint& endpoint) {
  leader_ = &endpoint;
  leader_answered_ = false;
}

/// Only an answer ends a search: what other members say of the leader may be old.
void Dispatcher::confirm_leader(Endpoint& endpoint) {
  if (leader_ == nullptr) found_leader(endpoint);
  if (leader_ != &endpoint || std::exchange(leader_answered_, true)) return;
  for (const auto& other : endpoints_) other->ask_pauses.reset();
}

void Dispatcher::lost_leader() {
  leader_ = nullptr;
  for_leader_.clear();
  calls_.for_each([this](PendingCall& call) {
    const bool sendable = call.draft.route == Route::leader && !call.needs_number();
    if (!sendable || call.retry_at > now_) return;
    call.queued = true;
    for_leader_.push_back(call.id);
  });
}

void Dispatcher::follow_hint(Endpoint& endpoint, const api::LeaderHint& hint) {
  // Many calls of one search may be refused at once.
  if (endpoint.ask_at <= now_) endpoint.ask_at = now_ + endpoint.ask_pauses.next();
  if (leader_ == &endpoint) lost_leader();
  if (leader_ != nullptr || hint.address.empty()) return;
  Endpoint* hinted = endpoints_.at(hint.address);
  // Members that send each other's way get a pause each, so this ends in a search, not in a loop.
  if (hinted != nullptr && hinted != &endpoint && hinted->may_lead(now_)) found_leader(*hinted);
}

// Answers.

void Dispatcher::take_reply(Endpoint& endpoint, PendingCall& call, const api::Reply& reply) {
  if (call.draft.route == Route::leader) confirm_leader(endpoint);
  const Answer answer{reply.body, endpoint.address};
  if (call.draft.numbering == Numbering::session) return take_write_reply(call, answer);
  finish(call, answer);
}

void Dispatcher::take_write_reply(PendingCall& call, const Answer& answer) {
  const auto reply = api::decode_command_reply(answer.body);
  if (!reply) return finish(call, reply.error());
  switch (reply->outcome) {
    case Outcome::done:
    case Outcome::not_found:
    case Outcome::condition_failed: return finish(call, answer);
    case Outcome::session_expired: return take_expired(call);
    case Outcome::stale:
      return finish(call, Error{ErrorCode::outcome_unknown, "its reply was given up already"});
    case Outcome::busy:
      call.refusal = Error{ErrorCode::busy, "the session has too many unanswered writes"};
      return retry_later(call);
    case Outcome::invalid:
      return finish(call, Error{ErrorCode::invalid_argument, "the server refused the command"});
  }
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
    case ErrorCode::invalid_argument:
    case ErrorCode::too_large: return finish(call, std::move(error));
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
  delayed_.push_back(call.id);
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
  if (call.draft.deadline == milliseconds(0))
    return {ErrorCode::timed_out, "no time was left to ask"};
  const std::string why = trouble(call);
  const std::string late = "no answer in " + in_seconds(call.draft.deadline);
  if (call.in_doubt()) return {ErrorCode::outcome_unknown, why.empty() ? late : why};
  // A write without a number waited for a session.
  const auto& refusal = call.needs_number() ? no_session_ : call.refusal;
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
    PendingCall& call = *calls_.find(id);
    finish(call, Error{call.in_doubt() ? ErrorCode::outcome_unknown : ErrorCode::closed,
                       "the client has stopped"});
  }
  inbox_.take_all([this](std::unique_ptr<PendingCall> call) { admit(std::move(call)); });
}

// The session.

void Dispatcher::start_registration() {
  if (std::exchange(registering_, true)) return;
  const auto ended = [this](const Result<api::SessionId>& session) { registered(session); };
  PendingCall& call = calls_.add(std::make_unique<RegistrationCall>(ended));
  registration_ = call.id;
  queue(call);
}

void Dispatcher::registered(const Result<api::SessionId>& session) {
  registering_ = false;
  if (session) no_session_.reset();
  if (session) return session_.open(*session);
  // Worth trying again, until the deadlines of the writes that wait.
  const ErrorCode code = session.error().code;
  const bool passing = code == ErrorCode::unavailable || code == ErrorCode::timed_out ||
                       code == ErrorCode::busy || code == ErrorCode::outcome_unknown;
  if (passing) return;
  for (const RequestId id : std::exchange(for_session_, {}))
    if (PendingCall* call = calls_.find(id); call != nullptr) finish(*call, session.error());
}

// Time.

void Dispatcher::check_silence() {
  for (const auto& endpoint : endpoints_) {
    if (!endpoint->is_to_be_probed(now_)) continue;
    endpoint->probed = true;
    get_acquainted(*endpoint);
  }
  if (leader_ != nullptr && leader_->is_silent(now_)) lost_leader();
}

void Dispatcher::requeue_delayed() {
  for (std::size_t left = delayed_.size(); left > 0; --left) {
    const RequestId id = delayed_.front();
    delayed_.pop_front();
    PendingCall* call = calls_.find(id);
    if (call == nullptr) continue;
    if (call->retry_at > now_) {
      delayed_.push_back(id);
      continue;
    }
    renew_acknowledgement(*call);
    queue(*call);
  }
}

void Dispatcher::arm_timer() {
  if (calls_.size() == 0) return;
  const bool searching = leader_ == nullptr && !for_leader_.empty();
  const bool soon = searching || !for_any_.empty() || !delayed_.empty();
  const auto due = now_ + (soon ? kQuickTick : kTick);
  if (timer_due_ && *timer_due_ <= due) return;
  timer_due_ = due;
  timer_.expires_at(due);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->stopped_) return;
    self->timer_due_.reset();
    const Turn turn(*self);
  });
}

}  // namespace client
