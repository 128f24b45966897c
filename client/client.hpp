#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "client/options.hpp"
#include "client/pending_call.hpp"
#include "client/types.hpp"

namespace client {

class Dispatcher;

/// A client of a groupkv group.
///
///     client::Client client({.endpoints = {"127.0.0.1:7401", "127.0.0.1:7402"}});
///     auto written = client.put("greeting", "hello");           // waits
///     auto read = co_await client.get("greeting", {}, use_awaitable);
///     client.erase("greeting", {}, [](client::Result<client::WriteReply> reply) { … });
///
/// Every call comes twice: without a completion token it waits for its end, with one it starts and
/// ends as the token says (an awaitable, a callback, a future; any of Asio's), with the same
/// Result. Cancellation slots are not heeded: a call ends by its deadline, in `a || b` of
/// awaitables too.
///
/// Guarantee: each call ends by its deadline. With a value, it was carried out. With the error
/// `outcome_unknown` it may have been or may still be. With any other error it certainly was not:
/// `unavailable` (the detail says who cannot be reached and why), `timed_out`, `busy`, `too_large`,
/// `invalid_argument`, `closed`; of reads also `io` (the member's disk) and `corrupt` (an answer
/// that makes no sense). Writes are executed at most once, however often they had to be
/// sent again; calls in flight together may be executed in any order. The leader is found, and
/// found again after a crash, without the caller's help.
///
/// Its group is the first that it meets, and stays that. Members of another, as those of one
/// founded anew by `kvd recover` or `kvd restore`, count as not reachable: calls end as
/// `unavailable`, and the detail names both groups. Such a group needs a new client.
///
/// Thread rule: every method from any thread. Callbacks without an executor of their own come on
/// the client's thread, and must not wait there: waiting calls are a programmer's error in it. What
/// a callback throws comes out of the run() of the io_context that it came on, and the client goes
/// on when that is run again; on a background thread it ends the process (std::terminate).
/// Ownership: nothing that is passed in is kept by reference. The destructor ends what is not
/// complete, as `closed` or `outcome_unknown`; it must not run in a callback. With an io_context
/// that was passed in they end when that runs next, which is after the destructor: what callbacks
/// refer to has to outlive that. It, or that of the io_context that was passed in, waits while the
/// system looks up the host name of an endpoint.
class Client {
 public:
  using StatusReply = kvstore::api::StatusReply;
  using MembersReply = kvstore::api::MembersReply;
  using DigestDepth = kvstore::api::DigestDepth;
  using DigestReply = kvstore::api::DigestReply;
  using EventsReply = kvstore::api::EventsReply;
  using ViewsReply = kvstore::api::ViewsReply;
  using EventSeq = kvstore::api::EventSeq;
  using AdminQuery = kvstore::api::AdminQuery;
  using Index = gms::model::Index;

  /// With a background thread of its own. Connects with the first call. When an endpoint is not
  /// `host:port`, or there is none, every call ends as `invalid_argument`.
  explicit Client(Options options);
  /// On the caller's io_context, which one thread at a time runs, and which outlives the client.
  /// Waiting calls need it to be run by another thread.
  Client(boost::asio::io_context& context, Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Keys and values.

  /// Writes `value` under `key`. A condition that does not hold is not an error: see WriteReply.
  /// Errors besides those above: invalid_argument (an empty key), too_large.
  [[nodiscard]] Result<WriteReply> put(std::string_view key, std::string_view value,
                                       const WriteOptions& options = {}) {
    return wait<WriteReply>(draft_put(key, value, options));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<WriteReply>)) Token>
  auto put(std::string_view key, std::string_view value, const WriteOptions& options,
           Token&& token) {
    return start<WriteReply>(draft_put(key, value, options), std::forward<Token>(token));
  }

  /// Removes `key` and its value. Without one the outcome is `not_found`.
  [[nodiscard]] Result<WriteReply> erase(std::string_view key, const WriteOptions& options = {}) {
    return wait<WriteReply>(draft_erase(key, options));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<WriteReply>)) Token>
  auto erase(std::string_view key, const WriteOptions& options, Token&& token) {
    return start<WriteReply>(draft_erase(key, options), std::forward<Token>(token));
  }

  /// The value of `key`, or nothing if it has none.
  [[nodiscard]] Result<std::optional<Value>> get(std::string_view key,
                                                 const ReadOptions& options = {}) {
    return wait<std::optional<Value>>(draft_get(key, options));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<std::optional<Value>>)) Token>
  auto get(std::string_view key, const ReadOptions& options, Token&& token) {
    return start<std::optional<Value>>(draft_get(key, options), std::forward<Token>(token));
  }

  /// The first page of a range, which is one state of the store over all its pages.
  [[nodiscard]] Result<Page> range(const RangeOptions& options) {
    return wait<Page>(draft_range(options));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<Page>)) Token>
  auto range(const RangeOptions& options, Token&& token) {
    return start<Page>(draft_range(options), std::forward<Token>(token));
  }

  /// The page after the one that `cursor` came with. Each cursor is good for one call. Error
  /// `unavailable`: the replica is lost, and the range with it; begin again.
  [[nodiscard]] Result<Page> next_page(const Cursor& cursor) {
    return wait<Page>(draft_page(cursor));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<Page>)) Token>
  auto next_page(const Cursor& cursor, Token&& token) {
    return start<Page>(draft_page(cursor), std::forward<Token>(token));
  }

  /// Gives up the pages that were not fetched.
  [[nodiscard]] Result<void> close(const Cursor& cursor) { return wait<void>(draft_close(cursor)); }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<void>)) Token>
  auto close(const Cursor& cursor, Token&& token) {
    return start<void>(draft_close(cursor), std::forward<Token>(token));
  }

  // The group. What is asked of one member names it by its client address, and ends as
  // `unavailable` when that cannot be connected to.

  /// The view and who leads, as any member knows it.
  [[nodiscard]] Result<MembersReply> members() { return wait<MembersReply>(draft_members()); }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<MembersReply>)) Token>
  auto members(Token&& token) {
    return start<MembersReply>(draft_members(), std::forward<Token>(token));
  }

  /// How one member is doing.
  [[nodiscard]] Result<StatusReply> status(std::string_view address, Deadline deadline = {}) {
    return wait<StatusReply>(draft_status(address, deadline));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<StatusReply>)) Token>
  auto status(std::string_view address, Deadline deadline, Token&& token) {
    return start<StatusReply>(draft_status(address, deadline), std::forward<Token>(token));
  }

  /// What one member remembers of what happened after `after`.
  [[nodiscard]] Result<EventsReply> events(std::string_view address, EventSeq after) {
    return wait<EventsReply>(draft_events(address, after));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<EventsReply>)) Token>
  auto events(std::string_view address, EventSeq after, Token&& token) {
    return start<EventsReply>(draft_events(address, after), std::forward<Token>(token));
  }

  /// The newest views that one member remembers.
  [[nodiscard]] Result<ViewsReply> views(std::string_view address) {
    return wait<ViewsReply>(draft_views(address));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<ViewsReply>)) Token>
  auto views(std::string_view address, Token&& token) {
    return start<ViewsReply>(draft_views(address), std::forward<Token>(token));
  }

  /// Makes every replica remember its digest at the index that is returned.
  [[nodiscard]] Result<Index> take_digest(DigestDepth depth) {
    return wait<Index>(draft_take_digest(depth));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<Index>)) Token>
  auto take_digest(DigestDepth depth, Token&& token) {
    return start<Index>(draft_take_digest(depth), std::forward<Token>(token));
  }

  /// The digest that one member took at `index`.
  [[nodiscard]] Result<DigestReply> digest(std::string_view address, Index index) {
    return wait<DigestReply>(draft_digest(address, index));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<DigestReply>)) Token>
  auto digest(std::string_view address, Index index, Token&& token) {
    return start<DigestReply>(draft_digest(address, index), std::forward<Token>(token));
  }

  /// Makes a member leave the group, lead it, be evicted or be in maintenance. Errors besides those
  /// above: not_found (no such member), conflict and unavailable (it would hurt; the detail says
  /// why). It is asked for once: with `outcome_unknown`, look at members().
  [[nodiscard]] Result<void> admin(const AdminQuery& query) {
    return wait<void>(draft_admin(query));
  }
  template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(Result<void>)) Token>
  auto admin(const AdminQuery& query, Token&& token) {
    return start<void>(draft_admin(query), std::forward<Token>(token));
  }

 private:
  struct Background;

  [[nodiscard]] Result<Draft> draft_put(std::string_view key, std::string_view value,
                                        const WriteOptions& options) const;
  [[nodiscard]] Result<Draft> draft_erase(std::string_view key, const WriteOptions& options) const;
  [[nodiscard]] Result<Draft> draft_get(std::string_view key, const ReadOptions& options) const;
  [[nodiscard]] Result<Draft> draft_range(const RangeOptions& options) const;
  [[nodiscard]] Result<Draft> draft_page(const Cursor& cursor) const;
  [[nodiscard]] Result<Draft> draft_close(const Cursor& cursor) const;
  [[nodiscard]] Result<Draft> draft_members() const;
  [[nodiscard]] Result<Draft> draft_status(std::string_view address, Deadline deadline) const;
  [[nodiscard]] Result<Draft> draft_events(std::string_view address, EventSeq after) const;
  [[nodiscard]] Result<Draft> draft_views(std::string_view address) const;
  [[nodiscard]] Result<Draft> draft_take_digest(DigestDepth depth) const;
  [[nodiscard]] Result<Draft> draft_digest(std::string_view address, Index index) const;
  [[nodiscard]] Result<Draft> draft_admin(const AdminQuery& query) const;
  [[nodiscard]] std::chrono::milliseconds or_default(Deadline deadline) const;
  /// The draft as it may be sent, or why not.
  [[nodiscard]] Result<Draft> checked(Result<Draft> draft) const;

  template <class T, class Token>
  auto start(Result<Draft> draft, Token&& token) {
    return boost::asio::async_initiate<Token, void(Result<T>)>(Initiation<T>{this}, token,
                                                               std::move(draft));
  }

  template <class T>
  struct Initiation {
    Client* client;

    template <class Handler>
    void operator()(Handler&& handler, Result<Draft> draft) const {
      using Call = HandlerCall<T, std::decay_t<Handler>>;
      client->begin(std::move(draft), [&](Draft wanted) -> std::unique_ptr<PendingCall> {
        return std::make_unique<Call>(std::move(wanted), std::forward<Handler>(handler),
                                      client->context_.get_executor());
      });
    }
  };

  /// Hands the call that `make` makes to the dispatcher, or, if there is no draft, its error to it.
  template <class Make>
  void begin(Result<Draft> draft, Make make) {
    draft = checked(std::move(draft));
    if (draft)
      enqueue(make(*std::move(draft)));
    else
      refuse(make(Draft{}), draft.error());
  }

  template <class T>
  [[nodiscard]] Result<T> wait(Result<Draft> draft);

  void enqueue(std::unique_ptr<PendingCall> call);
  /// Ends the call in the io_context.
  void refuse(std::unique_ptr<PendingCall> call, const Error& error);

  std::unique_ptr<Background> background_;
  boost::asio::io_context& context_;
  std::shared_ptr<Dispatcher> dispatcher_;
  /// What is wrong with the options, which every call says.
  std::optional<Error> fault_;
};

}  // namespace client
