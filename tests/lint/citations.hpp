#pragma once

#include <set>
#include <string>
#include <string_view>

#include "tests/lint/finding.hpp"
#include "tests/lint/source.hpp"

namespace lint {

/// The ids of rules and invariants, such as C11 and I3, that a document states: cited as `[C11]`,
/// or heading a row of a table.
[[nodiscard]] std::set<std::string> rules_stated_in(std::string_view document);

/// Finds citations, in comments, strings and assertions, of rules that no document states.
void check_citations(const Source& source, const std::set<std::string>& rules, Findings& findings);

}  // namespace lint
