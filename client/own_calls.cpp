#include "client/own_calls.hpp"

#include <random>
#include <utility>

#include "kvstore/api/command.hpp"
#include "kvstore/api/query.hpp"

namespace client {
namespace {

namespace api = kvstore::api;
using gms::model::Bytes;
using gms::model::ByteWriter;

constexpr std::chrono::milliseconds kOwnDeadline{2000};

Draft own_draft(api::RequestKind kind, Route route, std::string address, Bytes body) {
  return {kind, route, Numbering::none, std::move(address), std::move(body), kOwnDeadline};
}

Bytes registration_body() {
  std::random_device random;
  std::uint64_t nonce = 0;
  while (nonce == 0) nonce = (std::uint64_t{random()} << 32) | random();
  ByteWriter out;
  encode(api::Command(api::RegisterSession{api::Nonce(nonce)}), out);
  return out.take();
}

Bytes closing_body(api::CursorId cursor) {
  ByteWriter out;
  encode(api::CloseCursorQuery{cursor}, out);
  return out.take();
}

Result<api::SessionId> session_in(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  const auto reply = api::decode_command_reply(answer->body);
  if (!reply) return reply.error();
  if (reply->outcome == Outcome::done) return api::session_of(*reply);
  return Error{ErrorCode::busy, "no session: " + std::string(to_string(reply->outcome))};
}

}  // namespace

RegistrationCall::RegistrationCall(Ended ended)
    : PendingCall(own_draft(api::RequestKind::write, Route::leader, "", registration_body())),
      ended_(std::move(ended)) {}

void RegistrationCall::finish(Result<Answer> answer) {
  ended_(session_in(answer));
}

AcquaintanceCall::AcquaintanceCall(const std::string& address, Learn learn)
    : PendingCall(own_draft(api::RequestKind::members, Route::member, address, {})),
      learn_(std::move(learn)) {}

void AcquaintanceCall::finish(Result<Answer> answer) {
  const auto reply = decode_answer<api::MembersReply>(answer);
  if (reply) learn_(reply->view.view);
}

ClosingCall::ClosingCall(const std::string& address, api::CursorId cursor)
    : PendingCall(own_draft(api::RequestKind::close_cursor, Route::member, address,
                            closing_body(cursor))) {}

}  // namespace client
