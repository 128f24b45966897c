#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"
#include "gms/model/result.hpp"
#include "kvstore/api/limits.hpp"
#include "kvstore/api/types.hpp"

namespace kvstore::api {

// The conversation on the client port. Frames are those of gms/wire; their types and bodies are
// here. A client says Hello, the server answers Welcome; then requests go one way and replies the
// other, in any order, matched by RequestId. Envelopes borrow their bodies.

inline constexpr std::uint32_t kClientProtocolVersion = 1;

/// The type field of a frame on the client port.
enum class FrameType : std::uint8_t { hello = 1, welcome = 2, request = 3, reply = 4 };

/// What a request asks for, and what its body and the body of an ok reply are.
enum class RequestKind : std::uint8_t {
  /// An encoded Command (command.hpp), which is ordered as it is; CommandReply.
  write = 1,
  /// GetQuery; GetReply.
  get = 2,
  /// RangeQuery; RangePage.
  range = 3,
  /// PageQuery; RangePage.
  page = 4,
  /// CloseCursorQuery; nothing.
  close_cursor = 5,
  /// Nothing; StatusReply.
  status = 6,
  /// Nothing; MembersReply.
  members = 7,
  /// DigestQuery; DigestReply.
  digest = 8,
  /// EventsQuery; EventsReply.
  events = 9,
  /// AdminQuery; nothing.
  admin = 10,
  /// Nothing; ViewsReply.
  views = 11,
};

/// A client's first frame.
struct Hello {
  std::uint32_t version = kClientProtocolVersion;
  /// The group that the client's sessions belong to; none for a client that has not met one. A
  /// server of another group answers the Hello with an error reply under RequestId 0.
  gms::model::GroupId group;

  friend bool operator==(const Hello&, const Hello&) = default;
};

/// A server's first frame: who it is and what it accepts. The limits are those of limits.hpp, with
/// which the client library is built; they are told to clients that were made from docs/formats.md.
struct Welcome {
  std::uint32_t version = kClientProtocolVersion;
  gms::model::GroupId group;
  /// The member's name.
  std::string name;
  std::uint32_t key_bytes_max = kKeyBytesMax;
  std::uint32_t value_bytes_max = kValueBytesMax;
  std::uint32_t page_bytes_max = kPageBytesMax;
  std::uint32_t unacknowledged_calls_max = kUnacknowledgedCallsMax;

  friend bool operator==(const Welcome&, const Welcome&) = default;
};

struct Request {
  RequestId id;
  /// The client gives up after this long; the server need not answer later. Zero: no deadline.
  std::chrono::milliseconds deadline{};
  RequestKind kind = RequestKind::write;
  gms::model::ByteSpan body;
};

/// Whom to ask instead.
struct LeaderHint {
  std::string_view name;
  /// `host:port` of its client port.
  std::string_view address;

  friend bool operator==(const LeaderHint&, const LeaderHint&) = default;
};

struct Reply {
  RequestId id;
  /// Nothing when the request was carried out: a write was applied, whatever its outcome.
  std::optional<gms::model::ErrorCode> error;
  /// What the answering member had applied.
  gms::model::Index applied;
  /// Empty when none is known or the answering member leads.
  LeaderHint leader;
  /// As RequestKind says; with an error, a sentence for people.
  gms::model::ByteSpan body;
  /// With `busy`: asked again before that the answer would most likely be the same. Zero: unknown.
  std::chrono::milliseconds retry_after{};
};

void encode(const Hello& hello, gms::model::ByteWriter& out);
void encode(const Welcome& welcome, gms::model::ByteWriter& out);
void encode(const Request& request, gms::model::ByteWriter& out);
void encode(const Reply& reply, gms::model::ByteWriter& out);
/// Everything before the body, which ends the encoding as it is: for senders that do not want to
/// copy it.
void encode_head(const Request& request, gms::model::ByteWriter& out);
void encode_head(const Reply& reply, gms::model::ByteWriter& out);

/// Error of all: corrupt. A Hello or Welcome of another version decodes as far as its version: the
/// receiver compares it.
[[nodiscard]] gms::model::Result<Hello> decode_hello(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<Welcome> decode_welcome(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<Request> decode_request(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<Reply> decode_reply(gms::model::ByteSpan bytes);

}  // namespace kvstore::api
