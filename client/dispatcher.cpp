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
/// How a call to one member ends when that is lost.
Error lost_member_error(const PendingCall& call, const Error& reason) {
  if (call.draft.route == Route::any_once) return {ErrorCode::outcome_unknown, reason.detail};
  if (call.draft.kind == api::RequestKind::page)
    return {ErrorCode::unavailable, "the replica that served the range is lost: " + reason.detail};
  return {ErrorCode::unavailable, reason.detail};
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
  // From this thread, too: no handler may run before the call that it belongs to has returned.
  if (inbox_.push(std::move(call)) == CallInbox::Wake::needed)
    boost::asio::post(context_, [self = shared_from_this()] { self->take_inbox(); });
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
      if (!call.needs_number()) return for_leader_.push_back(call.id);
      // Who has been waiting for room goes first.
      if (call.times_busy > 0) return for_session_.push_front(call.id);
      return for_session_.push_back(call.id);
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
  retire_strangers();
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

/// At one place of a turn: while a reply is looked at, or a call, its endpoint has to stay.
void Dispatcher::retire_strangers() {
  for (Endpoint* endpoint : endpoints_.strangers())
    if (endpoint != leader_ && !endpoint->is_connecting() && !is_asked(*endpoint))
      retire(*endpoint);
  // Voters come first, whatever else is asked.
  while (Endpoint* endpoint = endpoints_.in_the_way()) retire(*endpoint);
}

/// Whether an open call waits for it.
bool Dispatcher::is_asked(const Endpoint& endpoint) const {
  if (endpoint.is_idle()) return false;
  return !endpoint.waiting.empty() || (calls_.asked() & endpoint.bit()) != 0;
}

/// A connection that is stopped reports nothing more, and no bit of it is left in calls and ranges:
/// who gets the place gets nothing that was meant for this one.
void Dispatcher::retire(Endpoint& endpoint) {
  if (endpoint.connection != nullptr) endpoint.connection->stop();
  lose_connection(endpoint, {ErrorCode::unavailable, "too many addresses"});
  endpoints_.remove(endpoint);
}

void Dispatcher::pump_session() {
  while (!for_session_.empty()) {
    PendingCall* call = calls_.find(for_session_.front());
    if (call != nullptr) {
      if (!session_.is_open()) return start_registration();
      if (!session_.has_room(unacknowledged_max_)) return;
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
      Endpoint* to = one_to_ask(*call);
      // A copy that is somewhere may be answered still.
      if (to == nullptr && call->asked == 0) return;
      call->queued = false;
      if (to != nullptr) send(*to, *call);
    }
    for_any_.pop_front();
  }
}

/// Who has no copy of a call that any member may answer; the leader before others, null for nobody.
Endpoint* Dispatcher::one_to_ask(const PendingCall& call) const {
  const auto has_copy = [&](const Endpoint& endpoint) {
    return (call.asked & endpoint.bit()) != 0;
  };
  if (leader_ != nullptr && leader_->open && !has_copy(*leader_)) return leader_;
  for (const auto& endpoint : endpoints_)
    if (endpoint->open && endpoint->may_lead(now_) && !has_copy(*endpoint)) return endpoint.get();
  return nullptr;
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
  lose_connection(endpoint, error);
}

/// What was asked there is lost, or asked of others.
void Dispatcher::lose_connection(Endpoint& endpoint, const Error& error) {
  endpoint.connection = nullptr;
  endpoint.open = false;
  endpoint.in_group = false;
  endpoint.outstanding = 0;
  endpoint.probed = false;
  endpoint.passed_over = false;
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

// The session.

void Dispatcher::start_registration() {
  if (std::exchange(registering_, true)) return;
  no_session_.reset();
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
    if (endpoint->is_to_be_probed(now_)) {
      endpoint->probed = true;
      get_acquainted(*endpoint);
    }
    if (!endpoint->open || !endpoint->is_silent(now_)) continue;
    if (!std::exchange(endpoint->passed_over, true)) ask_others(*endpoint);
  }
  if (leader_ != nullptr && leader_->is_silent(now_)) lost_leader();
}

/// What any member may answer is not for one that is silent.
void Dispatcher::ask_others(const Endpoint& silent) {
  calls_.for_each([&](PendingCall& call) {
    if (call.draft.route == Route::any && (call.asked & silent.bit()) != 0) queue(call);
  });
}

void Dispatcher::requeue_delayed() {
  while (!delayed_.empty() && delayed_.begin()->first <= now_) {
    PendingCall* call = calls_.find(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    // It may have been answered, and been busy again, by a copy that was on its way.
    if (call == nullptr || call->retry_at > now_) continue;
    renew_acknowledgement(*call);
    queue(*call);
  }
}

void Dispatcher::arm_timer() {
  if (calls_.size() == 0) return;
  const bool searching = leader_ == nullptr && !for_leader_.empty();
  const bool soon = searching || !for_any_.empty();
  auto due = now_ + (soon ? kQuickTick : kTick);
  if (!delayed_.empty()) due = std::min(due, std::max(delayed_.begin()->first, now_));
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
