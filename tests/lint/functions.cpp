#include "tests/lint/functions.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace lint {
namespace {

using Tokens = std::span<const Token>;

bool is_one_of(const Token& token, std::span<const std::string_view> words) {
  return std::ranges::find(words, token.text) != words.end();
}

/// The index after the bracket that closes the one at `open`.
std::size_t skip_brackets(Tokens tokens, std::size_t open, std::string_view opening,
                          std::string_view closing) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is(opening)) ++depth;
    if (tokens[i].is(closing) && --depth == 0) return i + 1;
  }
  return tokens.size();
}

/// The index after a template's parameters or arguments that open at `open`.
std::size_t skip_angles(Tokens tokens, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is("<")) ++depth;
    if (tokens[i].is(">") && --depth == 0) return i + 1;
    if (tokens[i].is("(")) i = skip_brackets(tokens, i, "(", ")") - 1;
    if (tokens[i].is(";")) break;
  }
  return open + 1;
}

std::size_t count_parameters(Tokens list) {
  if (list.empty() || (list.size() == 1 && list[0].is("void"))) return 0;
  std::size_t count = 1;
  int depth = 0;
  for (const Token& token : list) {
    if (token.is("<") || token.is("(") || token.is("{") || token.is("[")) ++depth;
    if (token.is(">") || token.is(")") || token.is("}") || token.is("]")) --depth;
    if (token.is(",") && depth == 0) ++count;
  }
  return count;
}

/// The parameter list's opening bracket in a statement at namespace or class scope; none when it
/// does not declare a function.
std::optional<std::size_t> find_parameters(Tokens statement) {
  static constexpr std::array<std::string_view, 5> kBracketed = {"explicit", "alignas", "noexcept",
                                                                 "requires", "decltype"};
  for (std::size_t i = 0; i < statement.size();) {
    const Token& token = statement[i];
    if (token.is("=") || token.is("using") || token.is("static_assert") || token.is("typedef"))
      return std::nullopt;
    if (token.is("operator")) {
      ++i;
      if (i < statement.size() && statement[i].is("(")) return i + 2;
      while (i < statement.size() && !statement[i].is("(")) ++i;
      return i < statement.size() ? std::optional(i) : std::nullopt;
    }
    if (token.is("[")) {
      i = skip_brackets(statement, i, "[", "]");
    } else if (token.is("<")) {
      i = skip_angles(statement, i);
    } else if (is_one_of(token, kBracketed) && i + 1 < statement.size() &&
               statement[i + 1].is("(")) {
      i = skip_brackets(statement, i + 1, "(", ")");
    } else if (token.is("(")) {
      return i > 0 ? std::optional(i) : std::nullopt;
    } else {
      ++i;
    }
  }
  return std::nullopt;
}

std::optional<Function> parse_function(Tokens statement) {
  const auto open = find_parameters(statement);
  if (!open || *open >= statement.size()) return std::nullopt;
  const std::size_t close = skip_brackets(statement, *open, "(", ")");
  Function function;
  function.name = statement[*open - 1].text;
  function.first_line = statement.front().line;
  function.last_line = statement.back().line;
  function.parameters = count_parameters(statement.subspan(*open + 1, close - *open - 2));
  return function;
}

/// What an opening brace opens.
enum class Scope { names, body, initializer };

/// True after `Type(…) : member`, where a brace initialises the member.
bool is_in_initializers(Tokens statement, std::size_t parameters) {
  const std::size_t close = skip_brackets(statement, parameters, "(", ")");
  const Tokens after = statement.subspan(std::min(close, statement.size()));
  const bool colon = std::ranges::any_of(after, [](const Token& t) { return t.is(":"); });
  static constexpr std::array<std::string_view, 3> kNotMembers = {"const", "noexcept", "override"};
  const Token& last = statement.back();
  return colon && ((last.is_word() && !is_one_of(last, kNotMembers)) || last.is(">"));
}

Scope scope_opened_by(Tokens statement) {
  static constexpr std::array<std::string_view, 5> kTypes = {"class", "struct", "union", "enum",
                                                             "namespace"};
  std::size_t at = 0;
  while (at < statement.size() && statement[at].is("template"))
    at = at + 1 < statement.size() ? skip_angles(statement, at + 1) : statement.size();
  const auto parameters = find_parameters(statement);
  const bool names =
      std::any_of(statement.begin() + static_cast<std::ptrdiff_t>(at), statement.end(),
                  [](const Token& token) { return is_one_of(token, kTypes); });
  if (names && !parameters) return Scope::names;
  if (statement.empty() || statement[0].is("extern"))
    return parameters ? Scope::body : Scope::names;
  if (!parameters) return Scope::initializer;
  return is_in_initializers(statement, *parameters) ? Scope::initializer : Scope::body;
}

/// Walks namespaces and classes, a statement at a time.
class Walker {
 public:
  explicit Walker(Tokens tokens) : tokens_(tokens) {}

  std::vector<Function> walk() {
    while (at_ < tokens_.size()) {
      const Token& token = tokens_[at_];
      if (token.is(";")) {
        if (auto function = parse_function(statement())) found_.push_back(*std::move(function));
        start_ = ++at_;
      } else if (token.is("}") || is_access_colon()) {
        start_ = ++at_;
      } else if (token.is("(")) {
        at_ = skip_brackets(tokens_, at_, "(", ")");
      } else if (token.is("{")) {
        brace();
      } else {
        ++at_;
      }
    }
    return std::move(found_);
  }

 private:
  [[nodiscard]] Tokens statement() const { return tokens_.subspan(start_, at_ - start_); }

  [[nodiscard]] bool is_access_colon() const {
    static constexpr std::array<std::string_view, 3> kAccess = {"public", "private", "protected"};
    return tokens_[at_].is(":") && at_ == start_ + 1 && is_one_of(tokens_[start_], kAccess);
  }

  void brace() {
    const Scope scope = scope_opened_by(statement());
    if (scope == Scope::names) {
      start_ = ++at_;
      return;
    }
    auto function = scope == Scope::body ? parse_function(statement()) : std::nullopt;
    at_ = skip_brackets(tokens_, at_, "{", "}");
    if (scope == Scope::initializer) return;
    if (function) {
      function->last_line = tokens_[at_ - 1].line;
      found_.push_back(*std::move(function));
    }
    start_ = at_;
  }

  Tokens tokens_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  std::vector<Function> found_;
};

}  // namespace

std::vector<Function> functions_of(const Source& source) {
  return Walker(source.tokens()).walk();
}

void check_functions(const Source& source, Findings& findings) {
  for (const Function& function : functions_of(source)) {
    const std::size_t lines = function.last_line - function.first_line + 1;
    if (lines > kFunctionLinesMax)
      findings.push_back({source.path(), function.first_line, "function-length",
                          function.name + " has " + std::to_string(lines) + " lines, " +
                              std::to_string(kFunctionLinesMax) + " at most"});
    if (function.parameters > kParametersMax)
      findings.push_back({source.path(), function.first_line, "parameters",
                          function.name + " takes " + std::to_string(function.parameters) + ", " +
                              std::to_string(kParametersMax) + " at most"});
  }
}

}  // namespace lint
