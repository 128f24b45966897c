#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client/replies.hpp"
#include "gms/model/payload.hpp"
#include "kvstore/api/client_protocol.hpp"

namespace client {

using Clock = std::chrono::steady_clock;

/// Who has to answer a call.
enum class Route : std::uint8_t {
  /// The leader, whoever that becomes. Sent again as often as needed.
  leader,
  /// Any member. Sent again as often as needed.
  any,
  /// Any member, and to one alone: a second copy would be a second order.
  any_once,
  /// The member at one address.
  member,
};

/// Whether a call is a write under the session's next number.
enum class Numbering : std::uint8_t { none, session };

/// A call as the caller wants it.
struct Draft {
  kvstore::api::RequestKind kind = kvstore::api::RequestKind::write;
  Route route = Route::leader;
  Numbering numbering = Numbering::none;
  /// For Route::member.
  std::string address;
  gms::model::Bytes body;
  std::chrono::milliseconds deadline{};
};

/// A call until it is complete: what is asked, and who was asked so far. Owned by whoever holds it;
/// used by one thread at a time.
struct PendingCall {
  explicit PendingCall(Draft wanted)
      : draft(std::move(wanted)), due(Clock::now() + draft.deadline) {}
  virtual ~PendingCall() = default;
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;

  /// Ends the call; at most once, and nothing but the destructor follows. The answer is borrowed.
  virtual void finish(Result<Answer> answer) = 0;

  [[nodiscard]] bool is_write() const { return draft.kind == kvstore::api::RequestKind::write; }
  /// Whether it is a write that waits for its number.
  [[nodiscard]] bool needs_number() const;
  /// Whether some member may have carried it out or may still do so.
  [[nodiscard]] bool in_doubt() const;
  /// What a server is told: it shall say that it gave up before the client gives up.
  [[nodiscard]] std::chrono::milliseconds told_deadline(Clock::time_point now) const;
  /// Lets the copies that are sent share a large body.
  void share_large_body();
  /// Makes the body one that can be changed again.
  void take_body_back();

  Draft draft;
  Clock::time_point due;

  kvstore::api::RequestId id;
  /// A bit for every endpoint where a copy is that was not answered.
  std::uint64_t asked = 0;
  /// A copy was lost without an answer, or its answer was that nobody knows.
  bool maybe_taken = false;
  /// Its id is in the queue of its route. Not while it waits out a busy answer.
  bool queued = false;
  /// Under which it was sent; zero before.
  kvstore::api::SessionId session;
  kvstore::api::CallNumber number;
  /// How often it was answered busy, and when it is sent again after that.
  unsigned times_busy = 0;
  Clock::time_point retry_at;
  /// Why it was refused last.
  std::optional<Error> refusal;
  /// The body, once it is so large that it is not copied.
  gms::model::Payload shared_body;

  /// The next in a CallInbox.
  PendingCall* next = nullptr;
};

/// A call whose end goes to an Asio completion handler, on the handler's executor.
template <class T, class Handler>
class HandlerCall final : public PendingCall {
 public:
  using IoExecutor = boost::asio::io_context::executor_type;
  using Executor = boost::asio::associated_executor_t<Handler, IoExecutor>;

  HandlerCall(Draft wanted, Handler handler, const IoExecutor& io)
      : PendingCall(std::move(wanted)),
        work_(boost::asio::get_associated_executor(handler, io)),
        handler_(std::move(handler)) {}

  void finish(Result<Answer> answer) override {
    boost::asio::dispatch(work_.get_executor(), [handler = std::move(handler_),
                                                 result = decode_answer<T>(answer)]() mutable {
      std::move(handler)(std::move(result));
    });
  }

 private:
  boost::asio::executor_work_guard<Executor> work_;
  Handler handler_;
};

}  // namespace client
