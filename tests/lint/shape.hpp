#pragma once

#include <cstddef>

#include "tests/lint/finding.hpp"
#include "tests/lint/source.hpp"

namespace lint {

inline constexpr std::size_t kWidthMax = 100;
inline constexpr std::size_t kFileLinesMax = 600;
inline constexpr std::size_t kTestLinesMax = 800;

/// Checks what a text looks like: width, file length, blanks at the ends of lines.
void check_text(const Source& source, Findings& findings);

/// Checks the code's ground rules: `#pragma once`, no macro but GMS_ASSERT, no identifier where it
/// is banned (a mutex in the single-threaded layers, a clock in the core, a sleep in the code, …).
void check_code(const Source& source, Findings& findings);

}  // namespace lint
