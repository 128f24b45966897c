#include "tests/lint/shape.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace lint {
namespace {

/// Identifiers that some folders do without.
struct BannedIdentifiers {
  std::vector<std::string_view> identifiers;
  /// Empty for everywhere.
  std::vector<std::string_view> folders;
  std::vector<std::string_view> except;
  std::string_view why;
};

const std::vector<BannedIdentifiers>& banned_identifiers() {
  static const std::vector<BannedIdentifiers> kBanned = {
      {{"sleep_for", "sleep_until", "usleep", "nanosleep", "sleep"},
       {},
       {"tests/cluster", "tests/torture", "tests/preload", "benchmarks"},
       "code waits for events, never for time"},
      {{"mutex", "shared_mutex", "recursive_mutex", "lock_guard", "unique_lock", "scoped_lock",
        "condition_variable"},
       {"gms/model", "gms/core", "gms/wire", "gms/net"},
       {},
       "one thread owns these layers"},
      {{"thread", "jthread", "async", "steady_clock", "system_clock", "high_resolution_clock",
        "random_device", "ifstream", "ofstream", "fstream", "fopen", "cout", "cerr", "printf",
        "throw", "try", "catch", "atomic"},
       {"gms/core"},
       {},
       "the core is a pure state machine"},
      {{"assert"}, {}, {}, "GMS_ASSERT is on in release builds too"},
      {{"detached"}, {}, {"tests"}, "background work is spawned supervised"},
  };
  return kBanned;
}

/// Code points, not bytes: what continues one in UTF-8 does not count.
std::size_t width_of(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_under_any(const Source& source, const std::vector<std::string_view>& folders) {
  return std::ranges::any_of(folders, [&](auto folder) { return source.is_under(folder); });
}

void check_directives(const Source& source, Findings& findings) {
  const auto& directives = source.directives();
  if (source.is_header() && (directives.empty() || !directives.front().is("#pragma once")))
    findings.push_back({source.path(), 1, "pragma-once", "a header starts with #pragma once"});
  for (const Token& directive : directives)
    if (directive.text.starts_with("#define") && !directive.text.starts_with("#define GMS_ASSERT("))
      findings.push_back({source.path(), directive.line, "macro", "the only macro is GMS_ASSERT"});
}

/// A friend is allowed as an operator of the class alone.
bool is_lone_friend(const std::vector<Token>& tokens, std::size_t at) {
  if (!tokens[at].is("friend")) return false;
  for (; at < tokens.size() && !tokens[at].is(";") && !tokens[at].is("{"); ++at)
    if (tokens[at].is("operator")) return false;
  return true;
}

}  // namespace

void check_text(const Source& source, Findings& findings) {
  const std::size_t lines_max = source.is_under("tests") ? kTestLinesMax : kFileLinesMax;
  const auto& lines = source.lines();
  if (lines.size() > lines_max)
    findings.push_back(
        {source.path(), lines.size(), "file-length",
         std::to_string(lines.size()) + " lines, " + std::to_string(lines_max) + " at most"});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const std::size_t width = width_of(lines[i]); width > kWidthMax)
      findings.push_back(
          {source.path(), i + 1, "width",
           std::to_string(width) + " columns, " + std::to_string(kWidthMax) + " at most"});
    if (lines[i].ends_with(' ') || lines[i].ends_with('\t') || lines[i].ends_with('\r'))
      findings.push_back({source.path(), i + 1, "blanks", "blanks at the end of the line"});
  }
}

void check_code(const Source& source, Findings& findings) {
  check_directives(source, findings);
  const auto& tokens = source.tokens();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (is_lone_friend(tokens, i))
      findings.push_back({source.path(), tokens[i].line, "friend", "no friends but operators"});
    for (const BannedIdentifiers& banned : banned_identifiers()) {
      if (std::ranges::find(banned.identifiers, tokens[i].text) == banned.identifiers.end())
        continue;
      if (!banned.folders.empty() && !is_under_any(source, banned.folders)) continue;
      if (is_under_any(source, banned.except)) continue;
      findings.push_back({source.path(), tokens[i].line, "identifier",
                          tokens[i].text + ": " + std::string(banned.why)});
    }
  }
}

}  // namespace lint
