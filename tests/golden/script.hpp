#pragma once

#include <string>
#include <vector>

namespace golden {

/// One command of a script and what it is expected to show.
struct Step {
  /// Comments and blank lines before it, as they stand.
  std::vector<std::string> prose;
  std::string command;
  std::vector<std::string> expected;
};

/// A script: steps, each a command line, `----`, then what it shows, up to an empty line. Lines
/// that start with `#` before a command are comments.
struct Script {
  std::vector<Step> steps;
  std::vector<std::string> prose_at_end;
};

[[nodiscard]] Script parse(const std::string& text);
[[nodiscard]] std::string text_of(const Script& script);

/// What each step really shows, on fresh engines.
[[nodiscard]] Script played(const Script& script);

}  // namespace golden
