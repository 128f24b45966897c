#include "client/client.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <semaphore>
#include <string>
#include <thread>

#include "client/address.hpp"
#include "client/dispatcher.hpp"
#include "kvstore/api/limits.hpp"

namespace client {
namespace {

namespace api = kvstore::api;
using api::RequestKind;
using gms::model::as_bytes;
using gms::model::ByteWriter;
using std::chrono::milliseconds;

Error too_large(const char* what, std::size_t bytes, std::size_t bytes_max) {
  return {ErrorCode::too_large, std::string(what) + " has " + std::to_string(bytes) +
                                    " bytes; the limit is " + std::to_string(bytes_max)};
}

// The server checks the same; what it would drop the connection for must not be sent.
Result<void> check(std::string_view key, std::string_view value) {
  if (key.empty()) return Error{ErrorCode::invalid_argument, "the key is empty"};
  if (key.size() > api::kKeyBytesMax) return too_large("the key", key.size(), api::kKeyBytesMax);
  if (value.size() > api::kValueBytesMax)
    return too_large("the value", value.size(), api::kValueBytesMax);
  return {};
}

std::optional<Error> fault_of(const Options& options) {
  if (options.endpoints.empty()) return Error{ErrorCode::invalid_argument, "there is no endpoint"};
  for (const std::string& endpoint : options.endpoints)
    if (auto checked = check_address(endpoint); !checked) return checked.error();
  return std::nullopt;
}

/// Longer ones are as good, and their end would be past what a clock can tell.
constexpr milliseconds kDeadlineMax = std::chrono::years(1);

/// One number more, of rows, has a name in replica_rows.hpp only.
constexpr bool is_same(RangeContent here, api::RangeContent on_wire) {
  return static_cast<int>(here) == static_cast<int>(on_wire);
}
static_assert(is_same(RangeContent::pairs, api::RangeContent::pairs));
static_assert(is_same(RangeContent::keys, api::RangeContent::keys));
static_assert(is_same(RangeContent::count, api::RangeContent::count));

Result<Draft> draft_write(api::Operation operation, milliseconds deadline) {
  ByteWriter out;
  encode(api::Call{{}, {}, {}, operation}, out);
  if (out.bytes().size() > api::kCommandBytesMax)
    return too_large("the command", out.bytes().size(), api::kCommandBytesMax);
  return Draft{RequestKind::write, Route::leader, Numbering::session, {}, out.take(), deadline};
}

api::Freshness freshness_of(const ReadOptions& options) {
  return {options.level, options.revision_min};
}

Route route_of(const ReadOptions& options) {
  return options.level == ReadLevel::local ? Route::any : Route::leader;
}

template <class Query>
gms::model::Bytes encoded(const Query& query) {
  ByteWriter out;
  encode(query, out);
  return out.take();
}

/// Wakes the thread that waits for the call.
template <class T>
class WaitingCall final : public PendingCall {
 public:
  WaitingCall(Draft wanted, std::optional<Result<T>>& result, std::binary_semaphore& ended)
      : PendingCall(std::move(wanted)), result_(result), ended_(ended) {}

  void finish(Result<Answer> answer) override {
    result_.emplace(decode_answer<T>(answer));
    ended_.release();
  }

 private:
  std::optional<Result<T>>& result_;
  std::binary_semaphore& ended_;
};

}  // namespace

struct Client::Background {
  boost::asio::io_context context{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      context.get_executor()};
  std::thread thread;
};

Client::Client(Options options)
    : background_(std::make_unique<Background>()),
      context_(background_->context),
      dispatcher_(std::make_shared<Dispatcher>(context_, std::move(options))) {
  fault_ = fault_of(dispatcher_->options());
  background_->thread = std::thread([this] { background_->context.run(); });
}

Client::Client(boost::asio::io_context& context, Options options)
    : context_(context), dispatcher_(std::make_shared<Dispatcher>(context, std::move(options))) {
  fault_ = fault_of(dispatcher_->options());
}

Client::~Client() {
  dispatcher_->stop();
  if (background_ == nullptr) return;
  background_->work.reset();
  background_->thread.join();
}

void Client::enqueue(std::unique_ptr<PendingCall> call) {
  dispatcher_->enqueue(std::move(call));
}

void Client::refuse(std::unique_ptr<PendingCall> call, const Error& error) {
  boost::asio::post(context_, [call = std::move(call), error] { call->finish(error); });
}

template <class T>
Result<T> Client::wait(Result<Draft> draft) {
  draft = checked(std::move(draft));
  if (!draft) return draft.error();
  GMS_ASSERT(!context_.get_executor().running_in_this_thread(),
             "a call that waits on the client's own thread");
  std::optional<Result<T>> result;
  std::binary_semaphore ended(0);
  enqueue(std::make_unique<WaitingCall<T>>(*std::move(draft), result, ended));
  ended.acquire();
  return *std::move(result);
}

template Result<WriteReply> Client::wait(Result<Draft>);
template Result<std::optional<Value>> Client::wait(Result<Draft>);
template Result<Page> Client::wait(Result<Draft>);
template Result<void> Client::wait(Result<Draft>);
template Result<gms::model::Index> Client::wait(Result<Draft>);
template Result<api::StatusReply> Client::wait(Result<Draft>);
template Result<api::MembersReply> Client::wait(Result<Draft>);
template Result<api::DigestReply> Client::wait(Result<Draft>);
template Result<api::EventsReply> Client::wait(Result<Draft>);
template Result<api::ViewsReply> Client::wait(Result<Draft>);

milliseconds Client::or_default(Deadline deadline) const {
  return deadline.value_or(dispatcher_->options().deadline);
}

Result<Draft> Client::checked(Result<Draft> draft) const {
  if (!draft) return draft;
  if (fault_) return *fault_;
  if (draft->deadline < milliseconds(0))
    return Error{ErrorCode::invalid_argument, "the deadline is negative"};
  draft->deadline = std::min(draft->deadline, kDeadlineMax);
  if (const auto end = dispatcher_->options().ends_by) {
    const auto left = std::chrono::duration_cast<milliseconds>(*end - Clock::now());
    draft->deadline = std::clamp(left, milliseconds(0), draft->deadline);
  }
  // Nothing is sent: what would be could be carried out.
  if (draft->deadline == milliseconds(0))
    return Error{ErrorCode::timed_out, "no time was left to ask"};
  return draft;
}

Result<Draft> Client::draft_put(std::string_view key, std::string_view value,
                                const WriteOptions& options) const {
  if (auto checked = check(key, value); !checked) return checked.error();
  return draft_write(api::Put{as_bytes(key), as_bytes(value), options.condition, options.previous},
                     or_default(options.deadline));
}

Result<Draft> Client::draft_erase(std::string_view key, const WriteOptions& options) const {
  if (auto checked = check(key, {}); !checked) return checked.error();
  return draft_write(api::Erase{as_bytes(key), options.condition, options.previous},
                     or_default(options.deadline));
}

Result<Draft> Client::draft_get(std::string_view key, const ReadOptions& options) const {
  if (auto checked = check(key, {}); !checked) return checked.error();
  return Draft{RequestKind::get,
               route_of(options),
               Numbering::none,
               {},
               encoded(api::GetQuery{freshness_of(options), as_bytes(key)}),
               or_default(options.deadline)};
}

Result<Draft> Client::draft_range(const RangeOptions& options) const {
  for (const std::string_view bound : {options.from, options.to})
    if (bound.size() > api::kKeyBytesMax)
      return too_large("the bound", bound.size(), api::kKeyBytesMax);
  if (options.limit == 0)
    return Error{ErrorCode::invalid_argument, "the limit of a range is at least 1"};
  api::RangeQuery query;
  query.freshness = freshness_of(options.read);
  query.bounds = {as_bytes(options.from), as_bytes(options.to)};
  query.direction = options.direction;
  query.content = static_cast<api::RangeContent>(options.content);
  query.limit = options.limit;
  return Draft{RequestKind::range, route_of(options.read),           Numbering::none, {},
               encoded(query),     or_default(options.read.deadline)};
}

Result<Draft> Client::draft_page(const Cursor& cursor) const {
  return Draft{RequestKind::page,
               Route::member,
               Numbering::none,
               cursor.address,
               encoded(api::PageQuery{cursor.id}),
               or_default({})};
}

Result<Draft> Client::draft_close(const Cursor& cursor) const {
  return Draft{RequestKind::close_cursor,
               Route::member,
               Numbering::none,
               cursor.address,
               encoded(api::CloseCursorQuery{cursor.id}),
               or_default({})};
}

Result<Draft> Client::draft_members() const {
  return Draft{RequestKind::members, Route::any, Numbering::none, {}, {}, or_default({})};
}

Result<Draft> Client::draft_status(std::string_view address, Deadline deadline) const {
  return Draft{RequestKind::status, Route::member, Numbering::none, std::string(address), {},
               or_default(deadline)};
}

Result<Draft> Client::draft_events(std::string_view address, EventSeq after) const {
  return Draft{RequestKind::events,
               Route::member,
               Numbering::none,
               std::string(address),
               encoded(api::EventsQuery{after}),
               or_default({})};
}

Result<Draft> Client::draft_views(std::string_view address) const {
  return Draft{RequestKind::views, Route::member, Numbering::none, std::string(address), {},
               or_default({})};
}

Result<Draft> Client::draft_take_digest(DigestDepth depth) const {
  return Draft{RequestKind::write,
               Route::leader,
               Numbering::none,
               {},
               encoded(api::Command(api::TakeDigest{depth})),
               or_default({})};
}

Result<Draft> Client::draft_digest(std::string_view address, Index index) const {
  return Draft{RequestKind::digest,
               Route::member,
               Numbering::none,
               std::string(address),
               encoded(api::DigestQuery{index}),
               or_default({})};
}

Result<Draft> Client::draft_admin(const AdminQuery& query) const {
  return Draft{RequestKind::admin, Route::any_once, Numbering::none, {},
               encoded(query),     or_default({})};
}

}  // namespace client
