#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lint {

/// A word, number or operator of C++ code. `::`, `->` and the two-letter comparisons are one token;
/// every other operator is taken letter by letter.
struct Token {
  std::string text;
  std::size_t line = 1;

  [[nodiscard]] bool is(std::string_view other) const { return text == other; }
  [[nodiscard]] bool is_word() const;
};

/// An include directive.
struct Include {
  std::string path;
  bool quoted = false;
  std::size_t line = 1;
};

/// A file of the project, taken apart. Paths are relative to the project's root. Owns its text; can
/// be shared between threads once made.
class Source {
 public:
  /// Code is split from prose by the rules of C++ when the path ends in .hpp or .cpp, else by those
  /// of a script: `#` starts a comment.
  Source(std::string path, std::string_view text);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_cpp() const;
  [[nodiscard]] bool is_header() const { return path_.ends_with(".hpp"); }
  /// True when the path lies in that folder.
  [[nodiscard]] bool is_under(std::string_view folder) const;
  /// The path without its last part, such as `gms/core`; empty at the root.
  [[nodiscard]] std::string_view folder() const;

  /// The lines as they stand.
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  /// The same lines with comments, strings and directives blanked out.
  [[nodiscard]] const std::vector<std::string>& code() const { return code_; }
  /// The same lines with only comments and the insides of strings left.
  [[nodiscard]] const std::vector<std::string>& prose() const { return prose_; }
  /// The preprocessor's lines, numbered from 1; continued ones by their first.
  [[nodiscard]] const std::vector<Token>& directives() const { return directives_; }
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }
  [[nodiscard]] const std::vector<Include>& includes() const { return includes_; }

 private:
  void find_directives();
  void find_tokens();

  std::string path_;
  std::vector<std::string> lines_;
  std::vector<std::string> code_;
  std::vector<std::string> prose_;
  std::vector<Token> directives_;
  std::vector<Token> tokens_;
  std::vector<Include> includes_;
};

}  // namespace lint
