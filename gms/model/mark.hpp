#pragma once

#include <vector>

#include "gms/model/entry_run.hpp"
#include "gms/model/view.hpp"

namespace gms::model {

/// What was last delivered of one member's multicasts: its boot and number. With it a multicast is
/// delivered once and in its sender's order, whoever leads [C17].
struct SenderRow {
  MemberId sender;
  BootSeq boot;
  MulticastSeq seq;

  friend bool operator==(const SenderRow&, const SenderRow&) = default;
};

/// Where a member is in the stream, and what gms must know to go on from there. An application
/// stores its encoding, opaque to it, atomically with the effects of what was delivered up to it.
struct Mark {
  ChainHead head;
  PlacedView view;
  /// Those of voters first, then those of members that left, the last to leave first.
  std::vector<SenderRow> rows;
  /// Whether there were rows of more members that left.
  bool has_forgotten = false;

  [[nodiscard]] bool knows(const MemberId& sender) const;

  friend bool operator==(const Mark&, const Mark&) = default;
};

[[nodiscard]] Bytes encode(const Mark& mark);
/// Error: corrupt.
[[nodiscard]] Result<Mark> decode_mark(ByteSpan bytes);

}  // namespace gms::model
