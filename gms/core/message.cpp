#include "gms/core/message.hpp"

#include <algorithm>
#include <array>

namespace gms::core {
namespace {

bool same_bytes(model::ByteSpan a, model::ByteSpan b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

bool operator==(const Append& a, const Append& b) {
  const auto same_run = [](const model::EntryRun& x, const model::EntryRun& y) {
    return same_bytes(x.encoded().bytes(), y.encoded().bytes());
  };
  return a.id == b.id && a.previous == b.previous && a.previous_hash == b.previous_hash &&
         a.commit == b.commit &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    same_run);
}

bool operator==(const Forward& a, const Forward& b) {
  return a.ticket == b.ticket && a.admin == b.admin &&
         same_bytes(a.drafts.bytes(), b.drafts.bytes());
}

model::ErrorCode code_of(ForwardVerdict verdict) {
  using model::ErrorCode;
  switch (verdict) {
    case ForwardVerdict::not_leader: return ErrorCode::not_leader;
    case ForwardVerdict::busy: return ErrorCode::busy;
    case ForwardVerdict::refused: return ErrorCode::conflict;
    case ForwardVerdict::unavailable: return ErrorCode::unavailable;
    case ForwardVerdict::not_found: return ErrorCode::not_found;
    case ForwardVerdict::invalid_argument: return ErrorCode::invalid_argument;
    case ForwardVerdict::accepted: break;
  }
  return ErrorCode::outcome_unknown;
}

ForwardVerdict verdict_of(model::ErrorCode code) {
  for (const auto verdict : {ForwardVerdict::busy, ForwardVerdict::unavailable,
                             ForwardVerdict::not_found, ForwardVerdict::invalid_argument})
    if (code_of(verdict) == code) return verdict;
  return ForwardVerdict::refused;
}

std::string_view name_of(const MessageBody& body) {
  static constexpr std::array<std::string_view, std::variant_size_v<MessageBody>> kNames{
      "PreVote",       "PreVoteReply",     "Vote",           "VoteReply",
      "Append",        "AppendReply",      "Heartbeat",      "HeartbeatReply",
      "TimeoutNow",    "Forward",          "ForwardReply",   "JoinRequest",
      "JoinReply",     "NotInView",        "Regressed",      "SnapshotOffer",
      "SnapshotReply", "ReadIndexRequest", "ReadIndexReply", "StateDiverged"};
  return kNames[body.index()];
}

}  // namespace gms::core
