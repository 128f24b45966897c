#include "tests/lint/words.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace lint {
namespace {

using Words = std::vector<std::string>;

bool is_upper(char c) {
  return std::isupper(static_cast<unsigned char>(c)) != 0;
}
bool is_lower(char c) {
  return std::islower(static_cast<unsigned char>(c)) != 0;
}
bool is_alnum(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// True where `EntryRun` and `HTTPServer` have their second word's first letter.
bool hump_at(std::string_view text, std::size_t at) {
  if (at == 0 || !is_upper(text[at])) return false;
  return !is_upper(text[at - 1]) || (at + 1 < text.size() && is_lower(text[at + 1]));
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::vector<std::string> fields_of(std::string_view line, char separator) {
  std::vector<std::string> fields;
  std::istringstream in{std::string(line)};
  for (std::string field; std::getline(in, field, separator);) fields.push_back(trimmed(field));
  return fields;
}

bool matches_at(const Words& words, std::size_t at, const Words& phrase) {
  return at + phrase.size() <= words.size() &&
         std::equal(phrase.begin(), phrase.end(), words.begin() + static_cast<std::ptrdiff_t>(at));
}

/// True when the phrase at `at` is part of a longer one that is allowed.
bool is_allowed_at(const Words& words, std::size_t at, const BannedPhrase& banned) {
  return std::ranges::any_of(banned.allowed_phrases, [&](const Words& allowed) {
    for (std::size_t back = 0; back < allowed.size() && back <= at; ++back)
      if (matches_at(words, at - back, allowed) && matches_at(allowed, back, banned.words))
        return true;
    return false;
  });
}

bool contains(const Words& words, const BannedPhrase& banned) {
  for (std::size_t at = 0; at + banned.words.size() <= words.size(); ++at)
    if (matches_at(words, at, banned.words) && !is_allowed_at(words, at, banned)) return true;
  return false;
}

bool applies_to(const BannedPhrase& banned, const Source& source) {
  return banned.folders.empty() ||
         std::ranges::any_of(banned.folders, [&](const auto& f) { return source.is_under(f); });
}

bool code_contains(std::string_view line, const BannedPhrase& banned) {
  std::size_t at = 0;
  while (at < line.size()) {
    std::size_t end = at;
    while (end < line.size() && (is_alnum(line[end]) || line[end] == '_')) ++end;
    const std::string_view identifier = line.substr(at, end - at);
    const bool allowed = std::ranges::find(banned.allowed_identifiers, identifier) !=
                         banned.allowed_identifiers.end();
    if (!allowed && contains(words_of(identifier), banned)) return true;
    at = std::max(end, at + 1);
  }
  return false;
}

}  // namespace

std::vector<BannedPhrase> parse_banned_phrases(std::string_view table) {
  std::vector<BannedPhrase> phrases;
  for (const std::string& line : fields_of(table, '\n')) {
    const auto fields = fields_of(line, '|');
    if (line.starts_with('#') || fields.size() != 4) continue;
    BannedPhrase phrase{words_of(fields[0]), fields_of(fields[1], ','), {}, {}, fields[3]};
    for (const std::string& allowed : fields_of(fields[2], ',')) {
      if (allowed.starts_with('='))
        phrase.allowed_identifiers.push_back(allowed.substr(1));
      else
        phrase.allowed_phrases.push_back(words_of(allowed));
    }
    phrases.push_back(std::move(phrase));
  }
  return phrases;
}

std::vector<std::string> words_of(std::string_view text) {
  Words words;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_alnum(text[i])) {
      inside = false;
      continue;
    }
    if (!inside || hump_at(text, i)) words.emplace_back();
    inside = true;
    words.back().push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(text[i]))));
  }
  return words;
}

void check_words(const Source& source, const std::vector<BannedPhrase>& banned,
                 Findings& findings) {
  for (const BannedPhrase& phrase : banned) {
    if (!applies_to(phrase, source)) continue;
    for (std::size_t i = 0; i < source.lines().size(); ++i) {
      if (!code_contains(source.code()[i], phrase) &&
          !contains(words_of(source.prose()[i]), phrase))
        continue;
      std::string detail = "'";
      for (const std::string& word : phrase.words)
        detail += word + (&word == &phrase.words.back() ? "'" : " ");
      findings.push_back({source.path(), i + 1, "words", detail + ": " + phrase.instead});
    }
  }
}

}  // namespace lint
