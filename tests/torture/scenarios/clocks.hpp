#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_clock_jumps(Stage& stage);
[[nodiscard]] Equipment clock_jumps_equipment();

}  // namespace tests::torture
