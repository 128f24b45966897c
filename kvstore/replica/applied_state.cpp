#include "kvstore/replica/applied_state.hpp"

namespace kvstore::replica {

using gms::model::ByteReader;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::GroupClock;
using gms::model::Index;
using gms::model::Result;

namespace {

constexpr std::uint8_t kAppliedFormat = 2;

}  // namespace

void encode(const AppliedState& state, ByteWriter& out) {
  out.u8(kAppliedFormat);
  out.u64(state.index.value());
  out.u64(state.clock.value());
  out.u64(state.digest.value());
  out.u64(state.command.value());
  out.u64(state.mark_index.value());
  out.raw(state.mark);
}

Result<AppliedState> decode_applied_state(ByteSpan bytes) {
  ByteReader in(bytes);
  AppliedState state;
  if (in.u8() != kAppliedFormat) in.fail();
  state.index = Index(in.u64());
  state.clock = GroupClock(in.u64());
  state.digest = api::Digest(in.u64());
  state.command = Index(in.u64());
  state.mark_index = Index(in.u64());
  const ByteSpan mark = in.raw(in.remaining());
  state.mark.assign(mark.begin(), mark.end());
  if (!in.finished() || state.mark_index > state.index || state.command > state.index)
    return Error{ErrorCode::corrupt, "the store's applied record is malformed"};
  return state;
}

}  // namespace kvstore::replica
