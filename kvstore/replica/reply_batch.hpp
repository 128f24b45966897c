#pragma once

#include <span>
#include <vector>

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"
#include "kvstore/api/command_reply.hpp"

namespace kvstore::replica {

/// The result of a command that was proposed here.
struct TicketReply {
  gms::model::Ticket ticket;
  gms::model::Index index;
  /// An encoded CommandReply.
  gms::model::ByteSpan reply;
};

/// Hears the results of this member's proposals, a batch at a time, after the batch is in the
/// store. Called on the group's thread; the spans are valid during the call.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void on_replies(std::span<const TicketReply> replies) = 0;
};

/// The replies of one delivered batch, encoded one after another in memory that is used again.
class ReplyBatch {
 public:
  /// Encodes the reply to the command at `index`. The bytes are valid until the next call; they are
  /// kept for finish() when there is a ticket.
  gms::model::ByteSpan add(gms::model::Ticket ticket, gms::model::Index index,
                           const api::CommandReply& reply);
  /// The replies with tickets, in order; valid until clear().
  [[nodiscard]] std::span<const TicketReply> finish();
  void clear();

 private:
  struct Place {
    std::size_t offset = 0;
    std::size_t size = 0;
  };

  gms::model::ByteWriter kept_;
  gms::model::ByteWriter scratch_;
  std::vector<Place> places_;
  std::vector<TicketReply> replies_;
};

}  // namespace kvstore::replica
