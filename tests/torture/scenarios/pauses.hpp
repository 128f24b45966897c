#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_pauses(Stage& stage);
[[nodiscard]] Equipment pauses_equipment();
void play_starved_cpu(Stage& stage);
/// A member's process gets only a part of the processor's time for a while.
void starve(Stage& stage, const ProcessOf& process);

}  // namespace tests::torture
