#include "kvstore/api/command_reply.hpp"

namespace kvstore::api {
namespace {

using gms::model::ByteReader;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

}  // namespace

std::optional<Outcome> outcome_of(std::uint8_t number) {
  const bool is_known = number >= static_cast<std::uint8_t>(Outcome::done) &&
                        number <= static_cast<std::uint8_t>(Outcome::invalid);
  if (!is_known) return std::nullopt;
  return static_cast<Outcome>(number);
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return "done";
    case Outcome::not_found: return "not_found";
    case Outcome::condition_failed: return "condition_failed";
    case Outcome::session_expired: return "session_expired";
    case Outcome::stale: return "stale";
    case Outcome::busy: return "busy";
    case Outcome::invalid: return "invalid";
  }
  return "unknown";
}

void encode(const CommandReply& reply, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(reply.outcome));
  out.u64(reply.revision.value());
  out.u8(reply.previous ? 1 : 0);
  if (!reply.previous) return;
  out.u64(reply.previous->revision.value());
  out.raw(reply.previous->value);
}

Result<CommandReply> decode_command_reply(ByteSpan bytes) {
  ByteReader in(bytes);
  const std::optional<Outcome> outcome = outcome_of(in.u8());
  CommandReply reply;
  reply.revision = Revision(in.u64());
  const std::uint8_t has_previous = in.u8();
  if (has_previous == 1) {
    const Revision revision(in.u64());
    reply.previous = Versioned{revision, in.raw(in.remaining())};
  }
  if (!in.finished() || !outcome || has_previous > 1)
    return Error{ErrorCode::corrupt, "malformed reply of a command"};
  reply.outcome = *outcome;
  return reply;
}

}  // namespace kvstore::api
