#pragma once

#include "tests/fuzz/target.hpp"

namespace fuzz {

/// Streams of frames, in pieces of any size.
[[nodiscard]] Target frames_target();
/// Bodies of the frames between members: handshakes, messages, states on their way.
[[nodiscard]] Target peer_messages_target();
/// The small records of a data directory, and what stands in them.
[[nodiscard]] Target records_target();
/// A data directory whose files were changed.
[[nodiscard]] Target recovery_target();
/// Envelopes between clients and servers.
[[nodiscard]] Target client_protocol_target();
/// Commands, queries and their replies.
[[nodiscard]] Target commands_target();
/// What operators ask and are told.
[[nodiscard]] Target inspection_target();
/// Snapshot files.
[[nodiscard]] Target snapshot_file_target();
/// Lines of kvctl's imports.
[[nodiscard]] Target pair_lines_target();
/// Streams of commands, at the state machine on a store in memory and at a model of it.
[[nodiscard]] Target state_machine_target();
/// The same with a store in a directory, which takes a hundred times as long.
[[nodiscard]] Target state_machine_on_disk_target();

}  // namespace fuzz
