#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_clock_jumps(Stage& stage);
/// The member's wall clock has another time and rate from now on.
void change_clock(Stage& stage, const std::string& name);
[[nodiscard]] Equipment clock_jumps_equipment();

}  // namespace tests::torture
