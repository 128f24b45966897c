#include "tests/linearizability/history_file.hpp"

#include <array>
#include <boost/json.hpp>
#include <istream>
#include <ostream>
#include <string>

namespace tests::linearizability {
namespace {

namespace json = boost::json;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

constexpr std::array<std::string_view, 5> kActions{"get", "put", "erase", "put_if", "erase_if"};
constexpr std::array<std::string_view, 3> kOutcomes{"ok", "unknown", "failed"};

template <class Enum, std::size_t N>
std::optional<Enum> parse_name(const std::array<std::string_view, N>& names,
                               std::string_view text) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

json::object to_json(const Operation& operation) {
  return {{"client", operation.client},
          {"key", operation.key.value()},
          {"action", kActions[static_cast<std::size_t>(operation.action)]},
          {"value", operation.value.value()},
          {"expected", operation.expected.value()},
          {"invoked", operation.invoked},
          {"returned", operation.returned},
          {"outcome", kOutcomes[static_cast<std::size_t>(operation.outcome)]},
          {"seen", operation.seen.value()},
          {"applied", operation.applied},
          {"index", operation.index.value()}};
}

/// Reads the fields of one line; remembers whether all were there.
class Fields {
 public:
  explicit Fields(const json::object& object) : object_(object) {}

  template <class T>
  T number(std::string_view name) {
    const json::value* const field = object_.if_contains(name);
    boost::system::error_code failed;
    const T out = field ? field->to_number<T>(failed) : T{};
    if (!field || failed) complete_ = false;
    return out;
  }
  std::string_view text(std::string_view name) {
    const json::value* const field = object_.if_contains(name);
    if (!field || !field->is_string()) {
      complete_ = false;
      return {};
    }
    return field->get_string();
  }
  bool flag(std::string_view name) {
    const json::value* const field = object_.if_contains(name);
    if (!field || !field->is_bool()) complete_ = false;
    return field && field->is_bool() && field->get_bool();
  }
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  const json::object& object_;
  bool complete_ = true;
};

std::optional<Operation> parse_line(const std::string& line) {
  boost::system::error_code failed;
  const json::value parsed = json::parse(line, failed);
  if (failed || !parsed.is_object()) return std::nullopt;
  Fields fields(parsed.get_object());
  Operation out;
  out.client = fields.number<std::uint32_t>("client");
  out.key = Key(fields.number<std::uint64_t>("key"));
  out.value = Value(fields.number<std::uint64_t>("value"));
  out.expected = Value(fields.number<std::uint64_t>("expected"));
  out.invoked = fields.number<std::int64_t>("invoked");
  out.returned = fields.number<std::int64_t>("returned");
  out.seen = Value(fields.number<std::uint64_t>("seen"));
  out.applied = fields.flag("applied");
  out.index = gms::model::Index(fields.number<std::uint64_t>("index"));
  const auto action = parse_name<Action>(kActions, fields.text("action"));
  const auto outcome = parse_name<Outcome>(kOutcomes, fields.text("outcome"));
  if (!action || !outcome || !fields.complete()) return std::nullopt;
  out.action = *action;
  out.outcome = *outcome;
  return out;
}

}  // namespace

void save(const History& history, std::ostream& out) {
  for (const Operation& operation : history) out << json::serialize(to_json(operation)) << '\n';
}

Result<History> load(std::istream& in) {
  History out;
  std::string line;
  while (std::getline(in, line)) {
    const auto operation = parse_line(line);
    if (!operation)
      return Error{ErrorCode::corrupt,
                   "line " + std::to_string(out.size() + 1) + " of the history is malformed"};
    out.push_back(*operation);
  }
  return out;
}

}  // namespace tests::linearizability
