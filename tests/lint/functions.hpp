#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/lint/finding.hpp"
#include "tests/lint/source.hpp"

namespace lint {

inline constexpr std::size_t kFunctionLinesMax = 70;
inline constexpr std::size_t kParametersMax = 5;

/// A function as far as its shape goes: declared, or defined with a body.
struct Function {
  std::string name;
  /// From the first line of the signature to the closing brace.
  std::size_t first_line = 1;
  std::size_t last_line = 1;
  std::size_t parameters = 0;
};

/// The functions of a file, at namespace and class scope. A lambda belongs to the function around
/// it. Reads the shape of the code alone, so code that does not compile may be misread.
[[nodiscard]] std::vector<Function> functions_of(const Source& source);

/// Finds functions that are too long or take too many parameters.
void check_functions(const Source& source, Findings& findings);

}  // namespace lint
