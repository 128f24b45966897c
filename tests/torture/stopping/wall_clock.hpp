#pragma once

#include <filesystem>

namespace tests::torture {

/// In a member's directory: by how many milliseconds its wall clock is wrong, and how many seconds
/// pass on it in a thousand.
inline constexpr const char* kClockFile = "wall-clock";

/// From now on this process's wall clock is as the file in `member` says. The steady clock is not
/// touched, as nobody can set that of a machine.
void watch_wall_clock(const std::filesystem::path& member);

}  // namespace tests::torture
