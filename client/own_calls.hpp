#pragma once

#include <functional>
#include <string>

#include "client/pending_call.hpp"

namespace client {

// Calls that a client makes for itself. They end soon, and are made anew while they are needed.

/// Opens a session, under a nonce of its own.
class RegistrationCall final : public PendingCall {
 public:
  using Ended = std::function<void(const Result<kvstore::api::SessionId>&)>;

  explicit RegistrationCall(Ended ended);
  void finish(Result<Answer> answer) override;

 private:
  Ended ended_;
};

/// Asks a member who the members are. Every member answers at once, so it shows life, too.
class AcquaintanceCall final : public PendingCall {
 public:
  using Learn = std::function<void(const gms::model::View&)>;

  AcquaintanceCall(const std::string& address, Learn learn);
  void finish(Result<Answer> answer) override;

 private:
  Learn learn_;
};

/// Ends a range at a member, whose pages nobody reads.
class ClosingCall final : public PendingCall {
 public:
  ClosingCall(const std::string& address, kvstore::api::CursorId cursor);
  void finish(Result<Answer>) override {}
};

}  // namespace client
