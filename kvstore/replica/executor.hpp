#pragma once

#include <optional>

#include "gms/model/result.hpp"
#include "kvstore/api/command.hpp"
#include "kvstore/api/command_reply.hpp"
#include "kvstore/replica/session_table.hpp"
#include "kvstore/replica/staged_changes.hpp"
#include "kvstore/storage/store.hpp"

namespace kvstore::replica {

/// Carries out commands on the sessions and the keys: reads the store and what is staged before it,
/// stages what changes. A reply depends on nothing but the state and the arguments.
///
/// Replies borrow previous values from the command, the sessions or this: they are valid until the
/// next call.
class Executor {
 public:
  Executor(const storage::Store& store, SessionTable& sessions, StagedChanges& staged)
      : store_(store), sessions_(sessions), staged_(staged) {}

  /// The command stands at `at`. Errors: io, corrupt, of the store.
  [[nodiscard]] gms::model::Result<api::CommandReply> execute(const api::Command& command,
                                                              gms::model::Index at,
                                                              gms::model::GroupClock clock);

 private:
  using Held = std::optional<api::Versioned>;

  [[nodiscard]] gms::model::Result<api::CommandReply> call(const api::Call& call,
                                                           gms::model::Index at,
                                                           gms::model::GroupClock clock);
  [[nodiscard]] gms::model::Result<api::CommandReply> put(const api::Put& put,
                                                          api::Revision revision);
  [[nodiscard]] gms::model::Result<api::CommandReply> erase(const api::Erase& erase,
                                                            api::Revision revision);
  /// What the key holds after every command before this one.
  [[nodiscard]] gms::model::Result<Held> read(gms::model::ByteSpan key);

  const storage::Store& store_;
  SessionTable& sessions_;
  StagedChanges& staged_;
  /// The value that was read last.
  gms::model::Bytes value_;
};

}  // namespace kvstore::replica
