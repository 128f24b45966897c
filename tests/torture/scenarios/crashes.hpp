#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

void play_calm(Stage& stage);
void play_leader_crash(Stage& stage);
void play_crash_all(Stage& stage);
void play_crash_loop(Stage& stage);
void play_lonely_leader(Stage& stage);

}  // namespace tests::torture
