#pragma once

#include "gms/model/result.hpp"
#include "kvstore/replica/reply_batch.hpp"
#include "kvstore/server/answers.hpp"
#include "kvstore/server/write_table.hpp"

namespace kvstore::server {

/// Answers the writes that were proposed, when they are applied here or known to be lost.
/// Thread rule: the group's thread. Ownership: borrows the answers.
class WriteDesk final : public replica::ReplySink {
 public:
  explicit WriteDesk(Answers& answers) : answers_(answers) {}

  /// `ticket` was given for the write of `origin`, which waits for its end from now on.
  void await(gms::model::Ticket ticket, const Origin& origin) { table_.add(ticket, origin); }

  void on_replies(std::span<const replica::TicketReply> replies) override;
  /// The tickets first … first + count - 1 end with an error, or were carried out and their results
  /// missed, which is an unknown outcome too.
  void on_lost(gms::model::Ticket first, std::uint64_t count,
               const std::optional<gms::model::Error>& error, const MemberContact& leader);

  [[nodiscard]] std::size_t waiting() const { return table_.size(); }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

 private:
  Answers& answers_;
  WriteTable table_;
  /// The index of the newest reply.
  gms::model::Index applied_;
  std::uint64_t answered_ = 0;
};

}  // namespace kvstore::server
