#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_membership(Stage& stage);
void play_rolling_restart(Stage& stage);
void play_sequential_crash(Stage& stage);
[[nodiscard]] Equipment eager_eviction_equipment();

/// Puts new members in the places of those that are up to nothing: one that was asked to leave
/// stays away, for example, when nobody heard that it had left.
void restore_membership(Stage& stage);

}  // namespace tests::torture
