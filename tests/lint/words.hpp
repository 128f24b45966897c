#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/lint/finding.hpp"
#include "tests/lint/source.hpp"

namespace lint {

/// A phrase that the project does not use, because another word stands for the thing.
struct BannedPhrase {
  /// In lower case, one word each.
  std::vector<std::string> words;
  /// Folders it is banned in; empty for everywhere.
  std::vector<std::string> folders;
  /// Longer phrases that contain it and are allowed.
  std::vector<std::vector<std::string>> allowed_phrases;
  /// Identifiers, whole, that contain it and are allowed in code.
  std::vector<std::string> allowed_identifiers;
  std::string instead;
};

/// Reads the table of banned phrases: `phrase | folders | allowed | instead` a line, lists
/// separated by commas, `#` for comments. `=word` among the allowed is an identifier.
[[nodiscard]] std::vector<BannedPhrase> parse_banned_phrases(std::string_view table);

/// Splits at everything that is not a letter or digit, and at the humps of CamelCase; lower case.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

/// Finds banned phrases in identifiers, comments and strings.
void check_words(const Source& source, const std::vector<BannedPhrase>& banned, Findings& findings);

}  // namespace lint
