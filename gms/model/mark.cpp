#include "gms/model/mark.hpp"

#include <algorithm>

namespace gms::model {
namespace {

constexpr std::uint8_t kMarkFormat = 2;
constexpr std::size_t kRowBytes = 32;

void put_position(ByteWriter& out, const Position& position) {
  out.u64(position.epoch.value());
  out.u64(position.index.value());
}

Position get_position(ByteReader& in) {
  const Epoch epoch(in.u64());
  return {epoch, Index(in.u64())};
}

}  // namespace

bool Mark::knows(const MemberId& sender) const {
  return std::ranges::any_of(rows, [&](const SenderRow& row) { return row.sender == sender; });
}

Bytes encode(const Mark& mark) {
  ByteWriter out;
  out.u8(kMarkFormat);
  put_position(out, mark.head.position);
  out.u64(mark.head.hash.value());
  out.u64(mark.head.clock.value());
  put_position(out, mark.view.position);
  out.blob(encode(mark.view.view));
  out.u8(mark.has_forgotten ? 1 : 0);
  out.u32(static_cast<std::uint32_t>(mark.rows.size()));
  for (const SenderRow& row : mark.rows) {
    out.u64(row.sender.node.value());
    out.u64(row.sender.incarnation.value());
    out.u64(row.boot.value());
    out.u64(row.seq.value());
  }
  return out.take();
}

Result<Mark> decode_mark(ByteSpan bytes) {
  ByteReader in(bytes);
  Mark mark;
  if (in.u8() != kMarkFormat) return Error{ErrorCode::corrupt, "mark of an unknown format"};
  mark.head.position = get_position(in);
  mark.head.hash = EntryHash(in.u64());
  mark.head.clock = GroupClock(in.u64());
  mark.view.position = get_position(in);
  auto view = decode_view(in.blob());
  if (!view) return view.error();
  mark.view.view = *std::move(view);
  const std::uint8_t has_forgotten = in.u8();
  mark.has_forgotten = has_forgotten != 0;
  if (has_forgotten > 1) in.fail();
  const std::size_t rows = in.u32();
  if (rows * kRowBytes != in.remaining()) in.fail();
  for (std::size_t i = 0; in.ok() && i < rows; ++i) {
    const NodeId node(in.u64());
    const MemberId sender{node, Incarnation(in.u64())};
    const BootSeq boot(in.u64());
    mark.rows.push_back({sender, boot, MulticastSeq(in.u64())});
  }
  if (!in.finished()) return Error{ErrorCode::corrupt, "malformed mark"};
  return mark;
}

}  // namespace gms::model
