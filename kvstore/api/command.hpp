#pragma once

#include <span>
#include <variant>

#include "gms/model/bytes.hpp"
#include "gms/model/result.hpp"
#include "kvstore/api/types.hpp"

namespace kvstore::api {

// What is ordered by the group and applied by every replica. A command has one encoding: the body
// of a client's write request is, byte for byte, the payload of the entry in the log.
//
// Commands borrow their keys and values: from the caller when encoding, from the encoded bytes when
// decoded. Plain values; any thread.

/// The write always happens. It does not read first.
struct Always {
  friend bool operator==(Always, Always) = default;
};
/// The key has no value.
struct IfAbsent {
  friend bool operator==(IfAbsent, IfAbsent) = default;
};
/// The key was last written at this revision. Zero means the same as IfAbsent.
struct IfRevision {
  Revision revision;
  friend bool operator==(IfRevision, IfRevision) = default;
};
/// The key has exactly this value.
struct IfValue {
  gms::model::ByteSpan value;
};
/// What must hold when the write is applied, or it changes nothing.
using Condition = std::variant<Always, IfAbsent, IfRevision, IfValue>;

/// Whether the reply carries what the key held before.
enum class Previous : std::uint8_t { unwanted = 0, wanted = 1 };

struct Put {
  gms::model::ByteSpan key;
  gms::model::ByteSpan value;
  Condition condition;
  Previous previous = Previous::unwanted;
};

struct Erase {
  gms::model::ByteSpan key;
  Condition condition;
  Previous previous = Previous::unwanted;
};

/// What a call does to the keys.
using Operation = std::variant<Put, Erase>;

/// A write under a session: executed at most once per (session, number), however often it is
/// ordered; every copy is answered as the first was [C16].
struct Call {
  SessionId session;
  CallNumber number;
  /// The client has the replies of all its calls up to here and will not repeat them.
  CallNumber acknowledged;
  Operation operation;
};

/// Starts a session. Repeated with the same nonce it names the same session, while that lives.
struct RegisterSession {
  Nonce nonce;
};

/// Ends every session whose last call is older than `cutoff`. Proposed by the kvd that leads.
struct ExpireSessions {
  gms::model::GroupClock cutoff;
};

/// What a replica digests: `rolling` is what it did, and free; `deep` adds a hash of all data and
/// sessions as read from the store.
enum class DigestDepth : std::uint8_t { rolling = 1, deep = 2 };

/// Makes every replica remember its digest at this command's index.
struct TakeDigest {
  DigestDepth depth = DigestDepth::rolling;
};

using Command = std::variant<Call, RegisterSession, ExpireSessions, TakeDigest>;

/// Appends the encoding of `command`.
void encode(const Command& command, gms::model::ByteWriter& out);
/// Appends a call's encoding; the same bytes as those of a Command that holds it.
void encode(const Call& call, gms::model::ByteWriter& out);
/// Puts session, number and watermark into a call that was encoded before they were known.
/// Precondition: `encoded` is the encoding of a Call.
void number_call(std::span<std::byte> encoded, SessionId session, CallNumber number,
                 CallNumber acknowledged);

/// The command that `bytes` encode, whole; it borrows them. Allocates nothing when it succeeds.
/// Errors: corrupt (not a command), invalid_argument (an empty key; call number or session zero),
/// too_large (a key, a value or the whole is over its limit; the detail names the limit).
[[nodiscard]] gms::model::Result<Command> decode_command(gms::model::ByteSpan bytes);

}  // namespace kvstore::api
