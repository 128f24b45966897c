#include "kvstore/server/write_desk.hpp"

namespace kvstore::server {

using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Ticket;

void WriteDesk::on_replies(std::span<const replica::TicketReply> replies) {
  if (replies.empty()) return;
  // All of the batch is applied before the first of its replies leaves.
  applied_ = replies.back().index;
  for (const replica::TicketReply& reply : replies) {
    const auto origin = table_.take(reply.ticket);
    if (!origin) continue;
    ++answered_;
    answers_.done(*origin, reply.reply, applied_);
  }
}

void WriteDesk::on_lost(Ticket first, std::uint64_t count, const std::optional<Error>& error,
                        const MemberContact& leader) {
  static const Error kMissed{ErrorCode::outcome_unknown, "applied before its reply was asked for"};
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto origin = table_.take(first + i);
    if (origin) answers_.failed(*origin, error.value_or(kMissed), applied_, leader);
  }
}

}  // namespace kvstore::server
