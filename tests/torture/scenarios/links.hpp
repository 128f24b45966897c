#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_bad_links(Stage& stage);
void play_flapping_links(Stage& stage);
void play_cut_and_flipped_frames(Stage& stage);

/// Links whose frames pass through a proxy.
[[nodiscard]] Equipment links_equipment();

}  // namespace tests::torture
