#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_soak(Stage& stage);
[[nodiscard]] Equipment soak_equipment();

}  // namespace tests::torture
