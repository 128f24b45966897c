#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_partition_halves(Stage& stage);
void play_isolated_leader(Stage& stage);
void play_bridge_partition(Stage& stage);
void play_one_way_links(Stage& stage);

/// Networks that can be cut.
[[nodiscard]] Equipment partitions_equipment();

}  // namespace tests::torture
