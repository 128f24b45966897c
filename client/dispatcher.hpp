#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "client/call_inbox.hpp"
#include "client/call_table.hpp"
#include "client/connection.hpp"
#include "client/endpoint_book.hpp"
#include "client/options.hpp"
#include "client/session_calls.hpp"
#include "client/surplus_ranges.hpp"

namespace client {

/// Brings every call to a member that can answer it, until it is answered or its deadline passes.
///
/// How a leader is found: while none is known, the oldest call that needs one goes to every member
/// that can be reached. The leader answers it, the others say who leads, or hold it while they
/// elect one; all other calls wait for that. When the leader's connection closes, or it is silent,
/// the search starts again at once, and every call without an answer is sent to the next leader
/// under the number that it has, so that it is executed once [C16].
///
/// A client's group is the first that it meets, for as long as it lives. A session is an index of
/// that group's log, and small indices are the same in every group: under such a number another
/// group would take a write for one that it has seen, and answer `done` for somebody else's. So
/// every connection is one to a member of this group, or carries nothing but what is asked of that
/// member alone.
///
/// A range whose first page came from one member may be open at others that were asked: what they
/// answer later is closed there.
///
/// Members come and go while a client lives. One that is no voter any more, or that was only asked
/// by its address, is retired once nothing is asked of it; its connection is closed, and it is
/// connected to again when it is asked again.
///
/// What an end without an answer means: `outcome_unknown` if a write may be in some member's hands
/// [C27], else it was certainly not applied.
///
/// Thread rule: the thread of the io_context, except for enqueue() and stop(). Ownership: shared
/// with its own work in the io_context.
class Dispatcher final : public ConnectionListener,
                         public std::enable_shared_from_this<Dispatcher> {
 public:
  Dispatcher(boost::asio::io_context& context, Options options);

  /// Takes a call, which ends in the io_context's thread. Any thread.
  void enqueue(std::unique_ptr<PendingCall> call);
  /// Ends all calls as closed or unknown, and all connections. Any thread; takes effect in the
  /// io_context's.
  void stop();

  [[nodiscard]] const Options& options() const { return options_; }

 private:
  class Turn;

  [[nodiscard]] std::optional<Error> opened(Connection& connection,
                                            const kvstore::api::Welcome& welcome) override;
  void replied(Connection& connection, const kvstore::api::Reply& reply) override;
  void read_ended() override;
  void drained() override;
  void closed(Connection& connection, const Error& error) override;

  // Taking calls in.
  void take_inbox();
  void admit(std::unique_ptr<PendingCall> call);

  // Sending.
  void pump();
  void pump_session();
  void pump_leader();
  void pump_any();
  [[nodiscard]] Endpoint* one_to_ask(const PendingCall& call) const;
  void pump_members();
  void number(PendingCall& call);
  void renew_acknowledgement(PendingCall& call);
  void search_with(PendingCall& call);
  void send(Endpoint& endpoint, PendingCall& call);
  void connect_where_due();
  void connect(Endpoint& endpoint);
  void retire_strangers();
  [[nodiscard]] bool is_asked(const Endpoint& endpoint) const;
  void retire(Endpoint& endpoint);
  void get_acquainted(Endpoint& endpoint);
  void flush();

  // Waiting for an answer, and what follows from one.
  void queue(PendingCall& call);
  void found_leader(Endpoint& endpoint);
  void confirm_leader(Endpoint& endpoint);
  void lost_leader();
  void take_reply(Endpoint& endpoint, PendingCall& call, const kvstore::api::Reply& reply);
  void take_write_reply(PendingCall& call, const Answer& answer);
  void take_full_session(PendingCall& call);
  void take_expired(PendingCall& call);
  void take_refusal(Endpoint& endpoint, PendingCall& call, const kvstore::api::Reply& reply);
  void follow_hint(Endpoint& endpoint, const kvstore::api::LeaderHint& hint);
  void retry_later(PendingCall& call, std::chrono::milliseconds retry_after = {});
  void lose_connection(Endpoint& endpoint, const Error& error);
  void lose_copy(PendingCall& call, const Endpoint& endpoint);

  // Ends.
  void finish(PendingCall& call, Result<Answer> answer);
  void end_overdue();
  [[nodiscard]] Error overdue_error(const PendingCall& call) const;
  [[nodiscard]] std::string trouble(const PendingCall& call) const;
  void end_members_calls(Endpoint& endpoint, const Error& error);
  void end_all();

  // The session.
  void start_registration();
  void registered(const Result<kvstore::api::SessionId>& session);

  // Time.
  void arm_timer();
  void check_silence();
  void ask_others(const Endpoint& silent);
  void requeue_delayed();

  boost::asio::io_context& context_;
  const Options options_;
  boost::asio::steady_timer timer_;
  CallInbox inbox_;
  CallTable calls_;
  EndpointBook endpoints_;

  /// Null while it is searched for.
  Endpoint* leader_ = nullptr;
  bool leader_answered_ = false;
  /// Calls for the leader that it has not been asked for, the oldest first; ids of complete calls
  /// are skipped, and of those that are not `queued`.
  std::deque<kvstore::api::RequestId> for_leader_;
  std::deque<kvstore::api::RequestId> for_any_;
  /// Writes without a number: they wait for a session, or for room in it.
  std::deque<kvstore::api::RequestId> for_session_;
  /// Answered busy, by the time when each is sent again.
  std::multimap<Clock::time_point, kvstore::api::RequestId> delayed_;

  SurplusRanges surplus_ranges_;

  /// None before the first Welcome of a member that has one.
  gms::model::GroupId group_;
  SessionCalls session_;
  bool registering_ = false;
  /// Of the newest registration, and why members refuse it for now.
  kvstore::api::RequestId registration_;
  std::optional<Error> no_session_;
  std::size_t unacknowledged_max_;

  Clock::time_point now_;
  bool in_turn_ = false;
  bool stopped_ = false;
  /// When the timer fires; nothing while it is off.
  std::optional<Clock::time_point> timer_due_;
};

}  // namespace client
