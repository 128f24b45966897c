#pragma once

#include "gms/log/log_ids.hpp"
#include "gms/model/durable_state.hpp"

namespace gms::log {

/// Which log and which state machine directory are the member's, and where the log starts.
struct Meta {
  Generation generation;
  LogSalt salt;
  model::Base base;
  StateGeneration state_generation;
  /// That state is out of use.
  bool state_diverged = false;

  friend bool operator==(const Meta&, const Meta&) = default;
};

// The contents of a data directory's small records. Each decoder checks bounds and that all bytes
// are read. Error: corrupt.

[[nodiscard]] model::Bytes encode(const model::Identity& identity);
[[nodiscard]] model::Result<model::Identity> decode_identity(model::ByteSpan bytes);

[[nodiscard]] model::Bytes encode(const model::HardState& hard_state);
[[nodiscard]] model::Result<model::HardState> decode_hard_state(model::ByteSpan bytes);

[[nodiscard]] model::Bytes encode(const Meta& meta);
[[nodiscard]] model::Result<Meta> decode_meta(model::ByteSpan bytes);

}  // namespace gms::log
