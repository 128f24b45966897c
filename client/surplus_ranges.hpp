#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "client/pending_call.hpp"
#include "kvstore/api/client_protocol.hpp"

namespace client {

/// Ranges that are complete while other members that were asked may begin them still. Members are
/// told by their bit, as in PendingCall::asked.
class SurplusRanges {
 public:
  /// The call ends.
  void ended(const PendingCall& call);
  /// A member answers a call that has ended. What it began for that, to be closed there.
  [[nodiscard]] std::optional<kvstore::api::CursorId> answered(std::uint64_t member,
                                                               const kvstore::api::Reply& reply);
  /// The connection to the member is closed, and its ranges with it.
  void closed(std::uint64_t member);

 private:
  /// Who has not answered, and might. No more than open connections have not answered.
  std::map<kvstore::api::RequestId, std::uint64_t> asked_;
};

}  // namespace client
