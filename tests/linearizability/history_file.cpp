#include "tests/linearizability/history_file.hpp"

#include <array>
#include <boost/json.hpp>
#include <istream>
#include <map>
#include <ostream>
#include <string>

namespace tests::linearizability {
namespace {

namespace json = boost::json;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

constexpr std::array<std::string_view, 5> kActions{"get", "put", "erase", "put_if", "erase_if"};
constexpr std::array<std::string_view, 2> kListActions{"read_list", "append"};
constexpr std::array<std::string_view, 3> kOutcomes{"ok", "unknown", "failed"};

template <class Enum, std::size_t N>
std::optional<Enum> parse_name(const std::array<std::string_view, N>& names,
                               std::string_view text) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

json::array to_json(const std::vector<Value>& elements) {
  json::array out;
  for (const Value element : elements) out.emplace_back(element.value());
  return out;
}

json::object to_json(const ListOperation& operation) {
  return {{"client", operation.client},
          {"key", operation.key.value()},
          {"action", kListActions[static_cast<std::size_t>(operation.action)]},
          {"value", operation.element.value()},
          {"expected", operation.expected.value()},
          {"invoked", operation.invoked},
          {"returned", operation.returned},
          {"outcome", kOutcomes[static_cast<std::size_t>(operation.outcome)]},
          {"seen", to_json(operation.seen)},
          {"applied", operation.applied},
          {"index", operation.index.value()}};
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
  std::vector<Value> values(std::string_view name) {
    std::vector<Value> out;
    const json::value* const field = object_.if_contains(name);
    if (!field || !field->is_array()) {
      complete_ = false;
      return out;
    }
    for (const json::value& element : field->get_array()) {
      boost::system::error_code failed;
      out.emplace_back(element.to_number<std::uint64_t>(failed));
      if (failed) complete_ = false;
    }
    return out;
  }
  void reject() { complete_ = false; }
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  const json::object& object_;
  bool complete_ = true;
};

/// What both kinds of calls have.
template <class Call>
void read_common(Fields& fields, Call& out) {
  out.client = fields.number<std::uint32_t>("client");
  out.key = Key(fields.number<std::uint64_t>("key"));
  out.expected = Value(fields.number<std::uint64_t>("expected"));
  out.invoked = fields.number<std::int64_t>("invoked");
  out.returned = fields.number<std::int64_t>("returned");
  out.applied = fields.flag("applied");
  out.index = gms::model::Index(fields.number<std::uint64_t>("index"));
  const auto outcome = parse_name<Outcome>(kOutcomes, fields.text("outcome"));
  out.outcome = outcome.value_or(Outcome::unknown);
  if (!outcome) fields.reject();
}

std::optional<Operation> parse_register(Fields fields, Action action) {
  Operation out;
  out.action = action;
  read_common(fields, out);
  out.value = Value(fields.number<std::uint64_t>("value"));
  out.seen = Value(fields.number<std::uint64_t>("seen"));
  if (!fields.complete()) return std::nullopt;
  return out;
}

std::optional<ListOperation> parse_list(Fields fields, ListAction action) {
  ListOperation out;
  out.action = action;
  read_common(fields, out);
  out.element = Value(fields.number<std::uint64_t>("value"));
  out.seen = fields.values("seen");
  if (!fields.complete()) return std::nullopt;
  return out;
}

/// Gathers the lines of a file.
class Gathering {
 public:
  /// False for what is no line of a history.
  bool add(const std::string& line) {
    boost::system::error_code failed;
    const json::value parsed = json::parse(line, failed);
    if (failed || !parsed.is_object()) return false;
    Fields fields(parsed.get_object());
    const std::string_view name = fields.text("action");
    if (const auto action = parse_name<Action>(kActions, name))
      return add(parse_register(fields, *action), out_.registers, registers_);
    if (const auto action = parse_name<ListAction>(kListActions, name))
      return add(parse_list(fields, *action), out_.lists, lists_);
    return false;
  }
  [[nodiscard]] Recording take() { return std::move(out_); }

 private:
  using Begun = std::map<std::pair<std::uint32_t, Moment>, std::size_t>;

  template <class Call>
  static bool add(std::optional<Call> call, std::vector<Call>& calls, Begun& begun) {
    if (!call) return false;
    const auto [at, is_new] = begun.try_emplace({call->client, call->invoked}, calls.size());
    if (is_new)
      calls.push_back(*std::move(call));
    else
      calls[at->second] = *std::move(call);
    return true;
  }

  Recording out_;
  Begun registers_;
  Begun lists_;
};

}  // namespace

void save(const Operation& operation, std::ostream& out) {
  out << json::serialize(to_json(operation)) << '\n';
}

void save(const ListOperation& operation, std::ostream& out) {
  out << json::serialize(to_json(operation)) << '\n';
}

void save(const Recording& recording, std::ostream& out) {
  for (const Operation& operation : recording.registers) save(operation, out);
  for (const ListOperation& operation : recording.lists) save(operation, out);
}

Result<Recording> load(std::istream& in) {
  Gathering gathering;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (in.eof()) break;
    if (!gathering.add(line))
      return Error{ErrorCode::corrupt,
                   "line " + std::to_string(number) + " of the history is malformed"};
  }
  return gathering.take();
}

}  // namespace tests::linearizability
