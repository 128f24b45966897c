#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_corruption(Stage& stage);

/// Segments and stores so small that there are several of each.
[[nodiscard]] Equipment corruption_equipment();

}  // namespace tests::torture
