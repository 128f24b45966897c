#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_pauses(Stage& stage);
[[nodiscard]] Equipment pauses_equipment();
void play_starved_cpu(Stage& stage);

}  // namespace tests::torture
