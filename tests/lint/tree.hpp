#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lint/finding.hpp"
#include "tests/lint/layers.hpp"
#include "tests/lint/source.hpp"
#include "tests/lint/words.hpp"

namespace lint {

/// What the rules are checked against.
struct Standards {
  std::vector<BannedPhrase> banned;
  /// Ids of the rules and invariants that the documents state.
  std::set<std::string> rules;
  FileExists exists;
};

/// Applies every rule that fits the kind of file. Findings come in the order of the lines.
[[nodiscard]] Findings check_source(const Source& source, const Standards& standards);

/// The result of a look at a whole project.
struct TreeReport {
  std::size_t files = 0;
  Findings findings;
};

/// Checks the code, scripts and build files below `root`; what git would not keep (dot folders,
/// build folders) and the linter's own bad samples are left out. Reads files, changes none.
[[nodiscard]] TreeReport check_tree(const std::string& root);

}  // namespace lint
