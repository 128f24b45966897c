#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_killed_clients(Stage& stage);

}  // namespace tests::torture
