#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_failed_fsync(Stage& stage);
void play_write_errors(Stage& stage);
void play_disk_full(Stage& stage);
void play_slow_disk(Stage& stage);

/// A sync or a write of the member's log is to fail. If it does within `limit` the member has to
/// end, say why, and start again; false if it does not.
bool fail_log(Stage& stage, const std::string& name, std::chrono::milliseconds limit);
/// Syncs of the member's log take seconds, or writes are done in part and interrupted, until its
/// disk is mended; false, and nothing of that, if none has been within `limit`.
bool slow_syncs(Stage& stage, const std::string& name, std::chrono::milliseconds limit);
bool disturb_writes(Stage& stage, const std::string& name, std::chrono::milliseconds limit);

/// Disks that fail when they are ordered to.
[[nodiscard]] Equipment disks_equipment();
/// Those, and kvd that keeps what it trims.
[[nodiscard]] Equipment disk_full_equipment();

}  // namespace tests::torture
