#include "tests/mutants/record.hpp"

#include <charconv>
#include <set>
#include <utility>

#include "tests/mutants/fingerprint.hpp"

namespace tests::mutants {
namespace {

constexpr std::string_view kWas = "---- was ";
constexpr std::string_view kBecomes = "---- becomes";
constexpr std::string_view kEnd = "====";
constexpr long kBudgetSecondsMax = 3600;

std::optional<MutantClass> class_of(std::string_view letter) {
  if (letter == "S") return MutantClass::safety;
  if (letter == "L") return MutantClass::liveness;
  if (letter == "X") return MutantClass::checker;
  return std::nullopt;
}

/// Reads a list line by line.
class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  void take(std::string_view line) {
    ++line_;
    if (line == kEnd) return finish();
    if (line.starts_with(kWas)) return begin_edit(line.substr(kWas.size()));
    if (line == kBecomes) return begin_replacement();
    if (place_ == Place::was) return add(mutant_.edits.back().was, line);
    if (place_ == Place::becomes) return add(mutant_.edits.back().becomes, line);
    if (line.empty() || line.starts_with('#')) return;
    take_field(line);
  }

  [[nodiscard]] Parsed end() {
    if (begun_) error("the last record is not ended by " + std::string(kEnd));
    return std::move(parsed_);
  }

 private:
  enum class Place { fields, was, becomes };

  static void add(std::string& text, std::string_view line) { text.append(line).append("\n"); }

  void error(const std::string& what) {
    parsed_.errors.push_back(name_ + ":" + std::to_string(line_) + ": " + what);
  }

  void begin_edit(std::string_view file) {
    begun_ = true;
    place_ = Place::was;
    mutant_.edits.push_back({std::string(file), {}, {}});
  }

  void begin_replacement() {
    if (place_ != Place::was) return error("'becomes' without a 'was' before it");
    place_ = Place::becomes;
  }

  void take_field(std::string_view line) {
    begun_ = true;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return error("not a field: " + std::string(line));
    const std::string_view name = line.substr(0, colon);
    const std::string value(line.substr(colon + 2));
    if (name == "id") {
      mutant_.id = value;
    } else if (name == "class") {
      take_class(value);
    } else if (name == "breaks") {
      mutant_.breaks = value;
    } else if (name == "suite") {
      mutant_.suites.push_back(value);
    } else if (name == "budget") {
      take_budget(value);
    } else if (name == "timeout") {
      if (value != "kills") return error("'timeout' takes 'kills' alone");
      mutant_.timeout_kills = true;
    } else if (name == "equivalent") {
      mutant_.equivalent = value;
    } else {
      error("there is no field '" + std::string(name) + "'");
    }
  }

  void take_class(const std::string& value) {
    const auto which = class_of(value);
    if (!which) return error("a class is S, L or X, not '" + value + "'");
    mutant_.kind = *which;
    has_class_ = true;
  }

  void take_budget(const std::string& value) {
    long seconds = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, seconds);
    if (read.ec != std::errc() || read.ptr != end || seconds < 1 || seconds > kBudgetSecondsMax)
      return error("a budget is a number of seconds, not '" + value + "'");
    mutant_.budget = std::chrono::seconds(seconds);
  }

  void finish() {
    if (mutant_.id.empty()) error("a record without an id");
    if (!has_class_) error(mutant_.id + " has no class");
    if (mutant_.breaks.empty()) error(mutant_.id + " does not say what it breaks");
    if (mutant_.suites.empty()) error(mutant_.id + " names no suite");
    if (mutant_.edits.empty()) error(mutant_.id + " changes nothing");
    for (const Edit& edit : mutant_.edits) {
      if (edit.was.empty()) error(mutant_.id + " has an edit of no text");
      if (edit.was == edit.becomes) error(mutant_.id + " has an edit that changes nothing");
    }
    if (!ids_.insert(mutant_.id).second) error(mutant_.id + " stands here twice");
    parsed_.mutants.push_back(std::exchange(mutant_, {}));
    place_ = Place::fields;
    begun_ = has_class_ = false;
  }

  std::string name_;
  std::size_t line_ = 0;
  Place place_ = Place::fields;
  bool begun_ = false;
  bool has_class_ = false;
  Mutant mutant_;
  std::set<std::string> ids_;
  Parsed parsed_;
};

}  // namespace

char letter_of(MutantClass which) {
  switch (which) {
    case MutantClass::safety: return 'S';
    case MutantClass::liveness: return 'L';
    case MutantClass::checker: return 'X';
  }
  return '?';
}

Parsed parse_list(std::string_view name, std::string_view text) {
  Reader reader(name);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    reader.take(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return reader.end();
}

std::string fingerprint_of(const Mutant& mutant) {
  Fingerprint print;
  print.add(mutant.id);
  for (const Edit& edit : mutant.edits) {
    print.add(edit.file);
    print.add(edit.was);
    print.add(edit.becomes);
  }
  for (const std::string& suite : mutant.suites) print.add(suite);
  return print.text();
}

}  // namespace tests::mutants
