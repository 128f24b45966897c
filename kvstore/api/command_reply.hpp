#pragma once

#include <optional>
#include <string_view>

#include "gms/model/bytes.hpp"
#include "gms/model/result.hpp"
#include "kvstore/api/types.hpp"

namespace kvstore::api {

/// How a command ended when it was applied. All but `done` changed nothing.
enum class Outcome : std::uint8_t {
  done = 1,
  /// An erase of a key that has no value.
  not_found = 2,
  /// Another value or revision than the condition asks for.
  condition_failed = 3,
  /// The session is not known: the call was not executed. If it was sent before, that copy may have
  /// been [C27].
  session_expired = 4,
  /// The client had acknowledged this call: its reply is gone.
  stale = 5,
  /// The session has too many unacknowledged replies. Not executed, so it may be sent again.
  busy = 6,
  /// The bytes were not a command, or broke a limit.
  invalid = 7,
};
/// The outcome's name as users see it, such as `condition_failed`.
[[nodiscard]] std::string_view to_string(Outcome outcome);

/// The outcome that this number stands for on the wire and on disk; nothing if there is none.
[[nodiscard]] std::optional<Outcome> outcome_of(std::uint8_t number);

/// What a key held. Borrows the value.
struct Versioned {
  Revision revision;
  gms::model::ByteSpan value;
};

/// The result of a command, the same at every replica. It has one encoding: what a replica computes
/// is the body of the reply to the client. Borrows the previous value.
struct CommandReply {
  Outcome outcome = Outcome::done;
  /// done: the index of the command, which is the revision that it wrote; of a RegisterSession,
  /// the session: see session_of(). condition_failed: the key's revision, zero if it has no value.
  /// Zero otherwise.
  Revision revision;
  /// What the key held before, if that was wanted and there was a value. With condition_failed it
  /// is what the key holds.
  std::optional<Versioned> previous;
};

/// Precondition: the reply of a RegisterSession that is done.
[[nodiscard]] constexpr SessionId session_of(const CommandReply& reply) {
  return SessionId(reply.revision.value());
}
/// Where the digest was taken. Precondition: the reply of a TakeDigest that is done.
[[nodiscard]] constexpr gms::model::Index digest_index_of(const CommandReply& reply) {
  return gms::model::Index(reply.revision.value());
}

/// The encoded size of a reply without a previous value.
inline constexpr std::size_t kPlainReplyBytes = 10;

/// Appends the encoding of `reply`.
void encode(const CommandReply& reply, gms::model::ByteWriter& out);
/// Borrows `bytes`. Error: corrupt.
[[nodiscard]] gms::model::Result<CommandReply> decode_command_reply(gms::model::ByteSpan bytes);

}  // namespace kvstore::api
