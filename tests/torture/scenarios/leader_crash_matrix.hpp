#pragma once

#include "tests/torture/stage.hpp"

namespace tests::torture {

/// Kills the leader at each named point of its work in turn: of a write's way from the request to
/// the reply, of a snapshot that it sends, and of changes of the view. Throws when no leader comes
/// to one.
void play_leader_crash_matrix(Stage& stage);
/// What the members need to run with: a log so short that who was away needs a snapshot.
[[nodiscard]] Equipment leader_crash_matrix_equipment();

}  // namespace tests::torture
