#include "kvstore/replica/session.hpp"

#include <array>

#include "kvstore/api/limits.hpp"

namespace kvstore::replica {
namespace {

using gms::model::ByteReader;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::GroupClock;
using gms::model::Index;
using gms::model::Result;

constexpr std::uint8_t kSessionFormat = 1;

/// A session's row: format u8, nonce, last_active and watermark u64, number of replies u32; then
/// the replies, each with number u64, outcome u8, revision u64 and whether a previous value follows
/// u8.
constexpr std::size_t kRowHeadBytes = 29;
constexpr std::size_t kReplyBytes = 18;
/// What stands before the value of a previous row: its revision, and the value's size.
constexpr std::size_t kPreviousHeadBytes = 12;
static_assert(kRowHeadBytes + api::kUnacknowledgedCallsMax * (kReplyBytes + kPreviousHeadBytes) +
                      api::kUnacknowledgedBytesMax + api::kValueBytesMax <=
                  api::kSessionRowBytesMax,
              "pages have room for every session");

void put_reply(const CachedReply& cached, ByteWriter& out) {
  // Put together first: a row has hundreds of these, and is written with every batch.
  std::array<std::byte, kReplyBytes> bytes;
  gms::model::store_little_endian(bytes.data(), cached.number.value());
  bytes[8] = static_cast<std::byte>(cached.outcome);
  gms::model::store_little_endian(bytes.data() + 9, cached.revision.value());
  bytes[17] = cached.previous ? std::byte{1} : std::byte{0};
  out.raw(bytes);
  if (!cached.previous) return;
  out.u64(cached.previous->revision.value());
  out.blob(cached.previous->value);
}

CachedReply get_reply(ByteReader& in) {
  CachedReply cached;
  cached.number = api::CallNumber(in.u64());
  const auto outcome = api::outcome_of(in.u8());
  cached.revision = api::Revision(in.u64());
  const std::uint8_t has_previous = in.u8();
  if (!outcome || has_previous > 1) in.fail();
  cached.outcome = outcome.value_or(api::Outcome::invalid);
  if (has_previous == 0) return cached;
  const api::Revision revision(in.u64());
  const ByteSpan value = in.blob();
  cached.previous = CachedReply::Held{revision, {value.begin(), value.end()}};
  return cached;
}

api::SessionId id_of(ByteSpan key) {
  std::uint64_t id = 0;
  for (const std::byte byte : key) id = (id << 8) | std::to_integer<std::uint64_t>(byte);
  return api::SessionId(id);
}

}  // namespace

api::CommandReply CachedReply::reply() const {
  api::CommandReply out{outcome, revision, std::nullopt};
  if (previous) out.previous = api::Versioned{previous->revision, previous->value};
  return out;
}

Bytes encode(const Session& session) {
  ByteWriter out;
  out.reserve(kRowHeadBytes + kReplyBytes * session.replies.size() + session.held_bytes);
  out.u8(kSessionFormat);
  out.u64(session.nonce.value());
  out.u64(session.last_active.value());
  out.u64(session.watermark.value());
  out.u32(static_cast<std::uint32_t>(session.replies.size()));
  for (const CachedReply& cached : session.replies) put_reply(cached, out);
  return out.take();
}

Result<Session> decode_session(const api::Pair& row) {
  ByteReader in(row.row.value);
  Session session;
  session.id = id_of(row.key);
  session.touched = Index(row.row.revision.value());
  if (in.u8() != kSessionFormat || row.key.size() != sizeof(std::uint64_t)) in.fail();
  session.nonce = api::Nonce(in.u64());
  session.last_active = GroupClock(in.u64());
  session.watermark = api::CallNumber(in.u64());
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; in.ok() && i < count; ++i) {
    session.replies.push_back(get_reply(in));
    const auto& previous = session.replies.back().previous;
    if (previous) session.held_bytes += previous->value.size();
  }
  if (!in.finished()) return Error{ErrorCode::corrupt, "a session's row is malformed"};
  return session;
}

}  // namespace kvstore::replica
