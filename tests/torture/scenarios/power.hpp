#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_power_loss(Stage& stage);
[[nodiscard]] Equipment power_loss_equipment();

}  // namespace tests::torture
