#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_failed_fsync(Stage& stage);
void play_write_errors(Stage& stage);
void play_disk_full(Stage& stage);
void play_slow_disk(Stage& stage);

/// Disks that fail when they are ordered to.
[[nodiscard]] Equipment disks_equipment();

}  // namespace tests::torture
