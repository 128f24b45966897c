#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "gms/model/entry.hpp"

namespace kvstore::api {

// The limits that every replica enforces alike, when it applies: changing one changes the state
// machine.

/// A key has 1 byte at least and this many at most.
inline constexpr std::size_t kKeyBytesMax = 64 * 1024;
inline constexpr std::size_t kValueBytesMax = 16 * 1024 * 1024;
/// A whole encoded command. A condition by value counts too.
inline constexpr std::size_t kCommandBytesMax = gms::model::kEntryPayloadBytesMax;
/// Replies of one session that its client has not acknowledged. Past either, a call is answered
/// `busy` and not executed.
inline constexpr std::size_t kUnacknowledgedCallsMax = 4096;
inline constexpr std::size_t kUnacknowledgedBytesMax = 1024 * 1024;
/// The row of a session: what it holds short of either limit, one more reply that is let in then,
/// and 32 bytes for each and for the session.
inline constexpr std::size_t kSessionRowBytesMax =
    kUnacknowledgedBytesMax + kValueBytesMax + 32 * (kUnacknowledgedCallsMax + 1);
/// One more session makes the longest idle one expire.
inline constexpr std::size_t kSessionsMax = 100'000;
/// Previous values that all sessions hold in replies. More make the longest idle session that holds
/// any expire.
inline constexpr std::size_t kHeldBytesMax = 256 * 1024 * 1024;

// The limits of one server and one connection.

/// A page of a range has at least one pair, and no more than these allow.
inline constexpr std::size_t kPageBytesDefault = 256 * 1024;
inline constexpr std::size_t kPageBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kPageRowsMax = 10'000;
/// Bytes of rows that are read at a time, for a page or a digest, whatever of them is wanted; the
/// row that reaches this is the last.
inline constexpr std::size_t kReadStepBytesMax = 4 * 1024 * 1024;
/// Ranges that a replica holds open between two pages, and for how long one may rest.
inline constexpr std::size_t kCursorsMax = 1024;
inline constexpr std::chrono::seconds kCursorIdleMax{30};
/// Digests that a replica remembers.
inline constexpr std::size_t kDigestsMax = 64;
/// A page of one row, whose key may be as large as any.
inline constexpr std::size_t kPageBodyBytesMax = kSessionRowBytesMax + kKeyBytesMax + 64;
/// A frame's body on the client port: the largest command or page, and its envelope.
inline constexpr std::size_t kClientBodyBytesMax =
    std::max(kCommandBytesMax, kPageBodyBytesMax) + 64 * 1024;

/// An idle session is expired after this time of the group's clock.
inline constexpr std::chrono::minutes kSessionTtlDefault{10};

}  // namespace kvstore::api
