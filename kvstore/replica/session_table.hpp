#pragma once

#include <list>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "gms/model/result.hpp"
#include "kvstore/api/command.hpp"
#include "kvstore/api/command_reply.hpp"
#include "kvstore/api/limits.hpp"
#include "kvstore/replica/session.hpp"
#include "kvstore/replica/staged_changes.hpp"

namespace kvstore::replica {

/// Part of the state machine: the same at every replica.
struct SessionLimits {
  std::size_t sessions_max = api::kSessionsMax;
  std::size_t unacknowledged_calls_max = api::kUnacknowledgedCallsMax;
  std::size_t unacknowledged_bytes_max = api::kUnacknowledgedBytesMax;
  std::size_t held_bytes_max = api::kHeldBytesMax;
};

/// The call is new: execute it, then remember() its reply.
struct Execute {
  Session* session = nullptr;
};
/// Do not execute the call; this is its reply. Borrows from the session.
struct AnswerWith {
  api::CommandReply reply;
};
using Admission = std::variant<Execute, AnswerWith>;

/// The sessions of all clients, in memory, with a row in the store for each. A row is written once
/// a batch, however many calls the session made in it.
///
/// Everything here is a function of the calls made: sessions are only ever walked in the order of
/// their last activity, which is the order of the stream.
class SessionTable {
 public:
  explicit SessionTable(const SessionLimits& limits) : limits_(limits) {}

  /// Takes the rows of a store. Precondition: empty. Errors: io, corrupt.
  [[nodiscard]] gms::model::Result<void> load(const storage::Snapshot& rows);

  /// The session that was registered with `nonce`, or a new one named after `at`. At the limit, a
  /// new one makes the longest idle one expire.
  [[nodiscard]] api::SessionId open(api::Nonce nonce, gms::model::Index at,
                                    gms::model::GroupClock clock);
  /// Decides what becomes of a call [C16], and forgets what it acknowledges.
  [[nodiscard]] Admission admit(const api::Call& call, gms::model::Index at,
                                gms::model::GroupClock clock);
  /// Keeps the reply to the call that `session` was admitted for. If all sessions hold too much by
  /// that, others that hold something expire, the longest idle first.
  void remember(Session& session, api::CallNumber number, const api::CommandReply& reply);
  /// Ends the sessions whose newest call is older than `cutoff`.
  void expire(gms::model::GroupClock cutoff);

  /// Stages the rows of all sessions that changed since the last time.
  void stage(StagedChanges& changes);

  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  [[nodiscard]] std::optional<gms::model::GroupClock> oldest_activity() const;

 private:
  using Place = std::list<Session>::iterator;

  void touch(Place session, gms::model::Index at, gms::model::GroupClock clock);
  void acknowledge(Session& session, api::CallNumber upto);
  /// What the session holds grew, or shrank, to this.
  void hold(Session& session, std::size_t bytes);
  void remove(Place session);

  SessionLimits limits_;
  /// The longest idle first.
  std::list<Session> sessions_;
  std::unordered_map<std::uint64_t, Place> by_id_;
  std::unordered_map<std::uint64_t, Place> by_nonce_;
  /// Those that hold previous values, the longest idle first, and how much all of them hold.
  std::list<api::SessionId> holders_;
  std::size_t held_bytes_ = 0;
  /// Rows to erase.
  std::vector<api::SessionId> removed_;
  /// Sessions touched after this one have to be written.
  gms::model::Index staged_;
};

}  // namespace kvstore::replica
