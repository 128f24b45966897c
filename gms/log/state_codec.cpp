#include "gms/log/state_codec.hpp"

namespace gms::log {
namespace {

using model::ByteReader;
using model::Bytes;
using model::ByteSpan;
using model::ByteWriter;
using model::Error;
using model::ErrorCode;
using model::MemberId;
using model::Position;
using model::Result;

void put(ByteWriter& out, const MemberId& id) {
  out.u64(id.node.value());
  out.u64(id.incarnation.value());
}

void put(ByteWriter& out, const Position& position) {
  out.u64(position.epoch.value());
  out.u64(position.index.value());
}

MemberId get_member_id(ByteReader& in) {
  const model::NodeId node(in.u64());
  return {node, model::Incarnation(in.u64())};
}

Position get_position(ByteReader& in) {
  const model::Epoch epoch(in.u64());
  return {epoch, model::Index(in.u64())};
}

}  // namespace

Bytes encode(const model::Identity& identity) {
  ByteWriter out;
  out.u64(identity.group.high);
  out.u64(identity.group.low);
  put(out, identity.self);
  out.blob(model::as_bytes(identity.name));
  return out.take();
}

Result<model::Identity> decode_identity(ByteSpan bytes) {
  ByteReader in(bytes);
  model::Identity identity;
  identity.group.high = in.u64();
  identity.group.low = in.u64();
  identity.self = get_member_id(in);
  identity.name = std::string(model::as_text(in.blob()));
  if (!in.finished() || identity.name.size() > model::kMemberNameBytesMax)
    return Error{ErrorCode::corrupt, "malformed identity"};
  return identity;
}

Bytes encode(const model::HardState& hard_state) {
  ByteWriter out;
  out.u64(hard_state.epoch.value());
  put(out, hard_state.voted_for);
  return out.take();
}

Result<model::HardState> decode_hard_state(ByteSpan bytes) {
  ByteReader in(bytes);
  const model::Epoch epoch(in.u64());
  const model::HardState hard_state{epoch, get_member_id(in)};
  if (!in.finished()) return Error{ErrorCode::corrupt, "malformed hard state"};
  return hard_state;
}

Bytes encode(const Meta& meta) {
  ByteWriter out;
  out.u64(meta.generation.value());
  out.u64(meta.salt.value());
  put(out, meta.base.head.position);
  out.u64(meta.base.head.hash.value());
  out.u64(meta.base.head.clock.value());
  put(out, meta.base.view.position);
  out.blob(model::encode(meta.base.view.view));
  out.u64(meta.state_generation.value());
  out.u8(meta.state_diverged ? 1 : 0);
  return out.take();
}

Result<Meta> decode_meta(ByteSpan bytes) {
  ByteReader in(bytes);
  Meta meta;
  meta.generation = Generation(in.u64());
  meta.salt = LogSalt(in.u64());
  meta.base.head.position = get_position(in);
  meta.base.head.hash = model::EntryHash(in.u64());
  meta.base.head.clock = model::GroupClock(in.u64());
  meta.base.view.position = get_position(in);
  auto view = model::decode_view(in.blob());
  meta.state_generation = StateGeneration(in.u64());
  const std::uint8_t diverged = in.u8();
  meta.state_diverged = diverged == 1;
  if (!in.finished() || !view || diverged > 1)
    return Error{ErrorCode::corrupt, "malformed meta record"};
  meta.base.view.view = *std::move(view);
  return meta;
}

}  // namespace gms::log
