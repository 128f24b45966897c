#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "gms/group.hpp"

namespace gms {

/// Posts a handler when what it waits for ends, to the executor that is associated with it and that
/// has work until then. When that never happens because the group stops, the handler hears that the
/// outcome is unknown. What it waits for cannot be cancelled.
template <class T, class Handler>
class PostedCompletion final : public Completion<T> {
 public:
  PostedCompletion(boost::asio::io_context& context, Handler handler)
      : work_(boost::asio::get_associated_executor(handler, context.get_executor())),
        handler_(std::move(handler)) {}
  PostedCompletion(const PostedCompletion&) = delete;
  PostedCompletion& operator=(const PostedCompletion&) = delete;
  ~PostedCompletion() override {
    if (handler_) complete(model::Error{model::ErrorCode::outcome_unknown, "the group stopped"});
  }

  void complete(model::Result<T> result) override {
    auto call = [handler = std::move(*handler_), result = std::move(result)]() mutable {
      std::move(handler)(std::move(result));
    };
    handler_.reset();
    boost::asio::post(work_.get_executor(), std::move(call));
    work_.reset();
  }

 private:
  using Executor =
      boost::asio::associated_executor_t<Handler, boost::asio::io_context::executor_type>;

  boost::asio::executor_work_guard<Executor> work_;
  std::optional<Handler> handler_;
};

/// Waits for a ticket by way of `add(ticket, completion)`; a ticket that was refused ends at once.
template <class T, class Add, class Token>
auto async_end_of(Group& group, model::Result<model::Ticket> ticket, Add add, Token&& token) {
  const auto initiate = [&group](auto handler, model::Result<model::Ticket> asked, Add waits) {
    using Handler = std::decay_t<decltype(handler)>;
    auto completion =
        std::make_unique<PostedCompletion<T, Handler>>(group.context(), std::move(handler));
    if (asked)
      (group.*waits)(asked.value(), std::move(completion));
    else
      completion->complete(asked.error());
  };
  return boost::asio::async_initiate<Token, void(model::Result<T>)>(initiate, token,
                                                                    std::move(ticket), add);
}

/// Completes with the position at which a proposal or multicast was delivered here, or with how it
/// ended otherwise, for any completion token of signature void(Result<Position>):
///
///     const auto ticket = group.propose({bytes});
///     const auto position = co_await async_delivered(group, ticket, use_awaitable);
///
/// Precondition: the ticket is of this turn of the event loop. Thread rule: as of Group.
template <class Token>
auto async_delivered(Group& group, model::Result<model::Ticket> ticket, Token&& token) {
  return async_end_of<model::Position>(group, std::move(ticket), &Group::when_delivered,
                                       std::forward<Token>(token));
}

/// Completes with the index that a read under `ticket` must see applied. Otherwise as above.
template <class Token>
auto async_readable(Group& group, model::Result<model::Ticket> ticket, Token&& token) {
  return async_end_of<model::Index>(group, std::move(ticket), &Group::when_readable,
                                    std::forward<Token>(token));
}

/// Completes when what was asked of the group (leave, evict, maintenance, a transfer) is done or
/// was refused. Otherwise as above.
template <class Token>
auto async_done(Group& group, model::Result<model::Ticket> ticket, Token&& token) {
  return async_end_of<void>(group, std::move(ticket), &Group::when_done,
                            std::forward<Token>(token));
}

}  // namespace gms
