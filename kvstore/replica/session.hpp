#pragma once

#include <deque>
#include <list>
#include <optional>

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"
#include "gms/model/result.hpp"
#include "kvstore/api/command_reply.hpp"
#include "kvstore/api/query.hpp"
#include "kvstore/api/types.hpp"

namespace kvstore::replica {

/// A reply kept for repeated calls.
struct CachedReply {
  struct Held {
    api::Revision revision;
    gms::model::Bytes value;
  };

  api::CallNumber number;
  api::Revision revision;
  api::Outcome outcome = api::Outcome::done;
  std::optional<Held> previous;

  /// Borrows the previous value.
  [[nodiscard]] api::CommandReply reply() const;
};

/// One client's session: what makes its calls execute exactly once.
struct Session {
  api::SessionId id;
  api::Nonce nonce;
  /// The group's clock at the newest call, and that call's index.
  gms::model::GroupClock last_active;
  gms::model::Index touched;
  /// The client acknowledged the replies up to here; they are gone.
  api::CallNumber watermark;
  /// The replies above the watermark, sorted by number.
  std::deque<CachedReply> replies;
  /// Bytes of previous values in `replies`.
  std::size_t held_bytes = 0;
  /// Where the session stands among those that hold any, in a table.
  std::optional<std::list<api::SessionId>::iterator> holder;
};

/// A session's row in the store; its revision is the index that touched it.
[[nodiscard]] gms::model::Bytes encode(const Session& session);
/// Error: corrupt.
[[nodiscard]] gms::model::Result<Session> decode_session(const api::Pair& row);

}  // namespace kvstore::replica
