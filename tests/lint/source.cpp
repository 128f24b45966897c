#include "tests/lint/source.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace lint {
namespace {

bool is_word_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// Copies a text twice, with either its code or its prose blanked out. Lines stay lines.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {
    code_.reserve(text.size());
    prose_.reserve(text.size());
  }

  void split_cpp() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        prose_until("\n", 0);
      } else if (starts("/*")) {
        prose_until("*/", 2);
      } else if (starts("R\"") && !after_word()) {
        raw_string();
      } else if (text_[at_] == '"') {
        quoted('"');
      } else if (text_[at_] == '\'' && !after_word()) {
        quoted('\'');
      } else {
        code(1);
      }
    }
  }

  void split_script() {
    while (at_ < text_.size()) {
      const bool opens = at_ == 0 || std::isspace(static_cast<unsigned char>(text_[at_ - 1])) != 0;
      if (text_[at_] == '#' && opens) {
        prose_until("\n", 0);
      } else {
        code(1);
      }
    }
  }

  [[nodiscard]] const std::string& code() const { return code_; }
  [[nodiscard]] const std::string& prose() const { return prose_; }

 private:
  [[nodiscard]] bool starts(std::string_view what) const {
    return text_.substr(at_).starts_with(what);
  }
  [[nodiscard]] bool after_word() const { return at_ > 0 && is_word_letter(text_[at_ - 1]); }

  void code(std::size_t count) { move(count, code_, prose_); }
  void prose(std::size_t count) { move(count, prose_, code_); }
  void move(std::size_t count, std::string& to, std::string& blank) {
    for (; count > 0 && at_ < text_.size(); --count, ++at_) {
      to.push_back(text_[at_]);
      blank.push_back(text_[at_] == '\n' ? '\n' : ' ');
    }
  }

  void prose_until(std::string_view end, std::size_t end_bytes) {
    const std::size_t found = text_.find(end, at_);
    prose(found == std::string_view::npos ? text_.size() : found - at_ + end_bytes);
  }

  /// The quotes stay code, so that a string is still seen to stand there.
  void quoted(char quote) {
    code(1);
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n')
      prose(text_[at_] == '\\' ? 2 : 1);
    code(1);
  }

  void raw_string() {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return code(2);
    const std::string end = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    code(2);
    prose_until(end, end.size() - 1);
    code(1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string code_;
  std::string prose_;
};

std::optional<Include> parse_include(const std::string& line, std::size_t number) {
  const std::size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string::npos || !std::string_view(line).substr(hash).starts_with("#include"))
    return std::nullopt;
  const std::size_t open = line.find_first_of("\"<", hash);
  if (open == std::string::npos) return std::nullopt;
  const std::size_t close = line.find_first_of("\">", open + 1);
  if (close == std::string::npos) return std::nullopt;
  return Include{line.substr(open + 1, close - open - 1), line[open] == '"', number};
}

std::size_t operator_length(std::string_view rest) {
  static constexpr std::array<std::string_view, 7> kLong = {
      "<=>", "::", "->", "==", "!=", "<=", ">="};
  for (const std::string_view candidate : kLong)
    if (rest.starts_with(candidate)) return candidate.size();
  return 1;
}

std::size_t word_length(std::string_view rest) {
  std::size_t length = 1;
  const bool number = std::isdigit(static_cast<unsigned char>(rest[0])) != 0;
  while (length < rest.size() && (is_word_letter(rest[length]) ||
                                  (number && (rest[length] == '\'' || rest[length] == '.'))))
    ++length;
  return length;
}

}  // namespace

bool Token::is_word() const {
  return std::isalpha(static_cast<unsigned char>(text[0])) != 0 || text[0] == '_';
}

Source::Source(std::string path, std::string_view text) : path_(std::move(path)) {
  Splitter splitter(text);
  is_cpp() ? splitter.split_cpp() : splitter.split_script();
  lines_ = split_lines(text);
  code_ = split_lines(splitter.code());
  prose_ = split_lines(splitter.prose());
  if (!is_cpp()) return;
  find_directives();
  find_tokens();
}

bool Source::is_cpp() const {
  return path_.ends_with(".hpp") || path_.ends_with(".cpp");
}

bool Source::is_under(std::string_view folder) const {
  return path_.size() > folder.size() && path_.starts_with(folder) && path_[folder.size()] == '/';
}

std::string_view Source::folder() const {
  const std::size_t slash = path_.rfind('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(path_).substr(0, slash);
}

void Source::find_directives() {
  bool continued = false;
  for (std::size_t i = 0; i < code_.size(); ++i) {
    const std::size_t first = code_[i].find_first_not_of(" \t");
    const bool opens = first != std::string::npos && code_[i][first] == '#';
    if (!opens && !continued) continue;
    if (opens) {
      directives_.push_back({lines_[i].substr(first), i + 1});
      if (auto include = parse_include(lines_[i], i + 1)) {
        includes_.push_back(*std::move(include));
        prose_[i].clear();
      }
    }
    continued = lines_[i].ends_with('\\');
    code_[i].assign(code_[i].size(), ' ');
  }
}

void Source::find_tokens() {
  for (std::size_t i = 0; i < code_.size(); ++i) {
    std::string_view rest = code_[i];
    while (!rest.empty()) {
      const char c = rest[0];
      if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        rest.remove_prefix(1);
        continue;
      }
      const std::size_t length = is_word_letter(c) ? word_length(rest) : operator_length(rest);
      tokens_.push_back({std::string(rest.substr(0, length)), i + 1});
      rest.remove_prefix(length);
    }
  }
}

}  // namespace lint
