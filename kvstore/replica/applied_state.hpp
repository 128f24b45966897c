#pragma once

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"
#include "gms/model/result.hpp"
#include "kvstore/api/types.hpp"

namespace kvstore::replica {

/// How far a replica is, as stored with its state.
struct AppliedState {
  /// The newest entry whose effects are in the state.
  gms::model::Index index;
  /// The group's clock at the newest command.
  gms::model::GroupClock clock;
  /// The rolling digest at `index`, and the newest command that is in it.
  api::Digest digest;
  gms::model::Index command;
  /// Where gms goes on after a restart, and its mark of that place; empty before the first. Not
  /// above `index`.
  gms::model::Index mark_index;
  gms::model::Bytes mark;

  friend bool operator==(const AppliedState&, const AppliedState&) = default;
};

void encode(const AppliedState& state, gms::model::ByteWriter& out);
/// Error: corrupt.
[[nodiscard]] gms::model::Result<AppliedState> decode_applied_state(gms::model::ByteSpan bytes);

}  // namespace kvstore::replica
