#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_corruption(Stage& stage);

/// Damages the directory of a member while it does not run, in a way that the group notices at its
/// start, and has it be what the table of verdicts says.
void damage_directory(Stage& stage, const std::string& name);

/// Segments and stores so small that there are several of each.
[[nodiscard]] Equipment corruption_equipment();

}  // namespace tests::torture
