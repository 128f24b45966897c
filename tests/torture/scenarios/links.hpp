#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_bad_links(Stage& stage);
void play_flapping_links(Stage& stage);
void play_cut_and_flipped_frames(Stage& stage);

/// All links are slow, lose, double and reorder frames.
void make_links_bad(Stage& stage);
/// A link flips bits of frames, cuts them, or lets them trickle.
void damage_frames(Stage& stage);

/// Links whose frames pass through a proxy.
[[nodiscard]] Equipment links_equipment();

}  // namespace tests::torture
