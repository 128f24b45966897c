#pragma once

#include <filesystem>

#include "tests/torture/results.hpp"
#include "tests/torture/scenario.hpp"

namespace tests::torture {

/// What becomes of a run's directory.
enum class Keep { on_failure, always };

/// Plays a scenario once, settles and judges it. The directory that it makes in `parent`, or in the
/// one for temporary files, has
///
///  * `run`: the command that repeats it;
///  * `faults.jsonl`: what was done to the group;
///  * `history.jsonl`: what clients asked and were told, as docs/testing.md says;
///  * the members' directories, with their logs.
///
/// What it says goes to stdout.
[[nodiscard]] Row play(const Run& run, const Scenario& scenario,
                       const std::filesystem::path& parent, Keep keep);

}  // namespace tests::torture
