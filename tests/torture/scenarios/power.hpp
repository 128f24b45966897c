#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_power_loss(Stage& stage);
/// Members lose power, and what their disks had not synced.
void power_off(Stage& stage, const std::vector<std::string>& names);
[[nodiscard]] Equipment power_loss_equipment();

}  // namespace tests::torture
