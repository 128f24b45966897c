#include "tests/golden/words.hpp"

#include <charconv>

namespace golden {

Words split(std::string_view line) {
  Words words;
  bool inside = false;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      if (quoted && !inside) words.emplace_back();
      inside = true;
    } else if (c == ' ' && !quoted) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      words.back() += c;
    }
  }
  return words;
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

gms::model::Duration duration_of(const std::string& text) {
  const auto count = static_cast<gms::model::Duration::rep>(number_of(text));
  if (text.ends_with("ms")) return gms::model::Duration(count);
  if (text.ends_with("s")) return std::chrono::seconds(count);
  return {};
}

std::optional<std::string> option(const Words& words, std::string_view name) {
  for (const std::string& word : words)
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=')
      return word.substr(name.size() + 1);
  return std::nullopt;
}

}  // namespace golden
