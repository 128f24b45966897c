#include <unistd.h>

#include <iostream>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/input.hpp"
#include "client/kvctl/pairs.hpp"
#include "client/kvctl/prefix_deleter.hpp"
#include "client/kvctl/text.hpp"
#include "gms/model/bytes.hpp"
#include "kvstore/api/limits.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Outcome;
using client::Result;
using client::Revision;
using client::WriteReply;

/// The operand VALUE: the text itself, `@FILE`, or standard input for `-` and when there is none.
Result<std::string> value_of(const Context& context) {
  const std::string value = context.arguments().find("VALUE").value_or("-");
  const bool is_file = value.starts_with('@');
  if (!is_file && value != "-") return value;
  if (!is_file && isatty(STDIN_FILENO) == 1)
    context.note("the value is read from here, up to the end of the input (Ctrl-D)");
  auto input = Input::open(is_file ? value.substr(1) : value);
  if (!input) return input.error();
  return input->read_all(kvstore::api::kValueBytesMax);
}

/// The write's condition; `text` keeps what it borrows.
Result<client::WriteOptions> write_options(const Arguments& arguments, std::string& text) {
  client::WriteOptions options;
  const int conditions = int{arguments.has("if-absent")} + int{arguments.has("if-revision")} +
                         int{arguments.has("if-value")};
  if (conditions > 1)
    return Error{ErrorCode::invalid_argument, "a write has one --if-… condition at most"};
  if (arguments.has("if-absent")) options.condition = client::IfAbsent{};
  if (arguments.has("if-revision"))
    options.condition = client::IfRevision{Revision(arguments.number("if-revision"))};
  if (arguments.has("if-value")) {
    text = arguments.text("if-value");
    options.condition = client::IfValue{gms::model::as_bytes(text)};
  }
  if (arguments.has("prev")) options.previous = client::Previous::wanted;
  return options;
}

Error not_found(const std::string& key) {
  return {ErrorCode::not_found, "there is no key " + escape(key)};
}

/// Prints what a write did. The error of one that changed nothing.
Result<ExitCode> report(Context& context, const std::string& key, const WriteReply& reply) {
  if (reply.outcome == Outcome::not_found) return not_found(key);
  if (reply.outcome == Outcome::condition_failed)
    return Error{ErrorCode::conflict, reply.revision == Revision()
                                          ? "the condition is false: the key has no value"
                                          : "the condition is false: the key is at revision " +
                                                std::to_string(reply.revision.value())};
  if (context.quiet()) return ExitCode::done;
  Table table{{"key", "revision"}, {{key, reply.revision.value()}}};
  if (reply.previous) {
    table.columns.insert(table.columns.end(), {"previous", "previous_revision"});
    table.rows[0].insert(table.rows[0].end(),
                         {Cell(reply.previous->bytes), Cell(reply.previous->revision.value())});
  }
  if (context.printer().is_json())
    context.printer().print(to_object(table, table.rows[0]));
  else
    context.printer().print(table, "");
  return ExitCode::done;
}

Result<ExitCode> run_put(Context& context) {
  const std::string key = context.arguments().text("KEY");
  std::string condition;
  const auto options = write_options(context.arguments(), condition);
  if (!options) return options.error();
  const auto value = value_of(context);
  if (!value) return value.error();
  const auto reply = context.client().put(key, *value, *options);
  if (!reply) return reply.error();
  return report(context, key, *reply);
}

client::ReadOptions read_options(const Arguments& arguments) {
  client::ReadOptions options;
  if (arguments.text("read") == "local") options.level = client::ReadLevel::local;
  if (arguments.has("min-revision"))
    options.revision_min = Revision(arguments.number("min-revision"));
  return options;
}

Result<void> check_read(const Arguments& arguments) {
  const std::string level = arguments.text("read");
  if (level == "local" || level == "linearizable") return {};
  return Error{ErrorCode::invalid_argument, "--read is linearizable or local, not '" + level + "'"};
}

Result<ExitCode> run_get(Context& context) {
  const std::string key = context.arguments().text("KEY");
  if (auto checked = check_read(context.arguments()); !checked) return checked.error();
  const auto found = context.client().get(key, read_options(context.arguments()));
  if (!found) return found.error();
  if (!*found) return not_found(key);
  const client::Value& value = **found;
  Printer& printer = context.printer();
  if (printer.is_json()) {
    const Table table{{"key", "value", "revision"}, {{key, value.bytes, value.revision.value()}}};
    printer.print(to_object(table, table.rows[0]));
  } else if (printer.format() == Format::raw) {
    printer.stream() << value.bytes;
  } else {
    printer.stream() << (printer.format() == Format::plain ? escape(value.bytes) : value.bytes)
                     << '\n';
  }
  return ExitCode::done;
}

Result<void> check_range(const Arguments& arguments) {
  if (!arguments.has("prefix") || !arguments.find("FROM")) return {};
  return Error{ErrorCode::invalid_argument, "--prefix goes with no FROM and no TO"};
}

/// What --prefix, or FROM and TO, say; `from` and `to` keep them.
client::RangeOptions range_options(const Arguments& arguments, std::string& from, std::string& to) {
  from = arguments.text("FROM");
  to = arguments.text("TO");
  if (arguments.has("prefix")) {
    from = arguments.text("prefix");
    to = end_of_prefix(from);
  }
  client::RangeOptions options;
  options.from = from;
  options.to = to;
  options.read = read_options(arguments);
  if (arguments.has("limit")) options.limit = arguments.number("limit");
  if (arguments.has("reverse")) options.direction = client::Direction::descending;
  if (arguments.has("keys-only")) options.content = client::RangeContent::keys;
  if (arguments.has("count")) options.content = client::RangeContent::count;
  return options;
}

/// Whether what it prints is one whole, which has to be complete first.
bool prints_at_once(const Printer& printer) {
  return printer.format() == Format::json || printer.format() == Format::table;
}

/// Prints a range page by page, as far as the format can.
class RangeOutput {
 public:
  RangeOutput(Printer& printer, client::RangeContent content) : printer_(printer) {
    rows_.columns = {"key", "value", "revision"};
    if (content == client::RangeContent::keys) rows_.columns.erase(rows_.columns.begin() + 1);
  }

  void take(const client::Page& page) {
    for (const client::Entry& entry : page.entries) take(entry);
    if (prints_at_once(printer_)) return;
    printer_.print(rows_, "entries");
    rows_.rows.clear();
  }
  void end() {
    if (prints_at_once(printer_)) printer_.print(rows_, "entries");
  }

 private:
  void take(const client::Entry& entry) {
    if (printer_.format() == Format::raw) {
      printer_.stream() << entry.value.bytes;
    } else if (rows_.columns.size() == 2) {
      rows_.rows.push_back({entry.key, entry.value.revision.value()});
    } else {
      rows_.rows.push_back({entry.key, entry.value.bytes, entry.value.revision.value()});
    }
  }

  Printer& printer_;
  Table rows_;
};

Result<ExitCode> run_range(Context& context) {
  if (auto checked = check_read(context.arguments()); !checked) return checked.error();
  if (auto checked = check_range(context.arguments()); !checked) return checked.error();
  std::string from;
  std::string to;
  const client::RangeOptions options = range_options(context.arguments(), from, to);
  std::uint64_t count = 0;
  RangeOutput output(context.printer(), options.content);
  const auto done =
      for_each_page(context.transfer_client(), options, [&](const client::Page& page) {
        count += page.count;
        output.take(page);
      });
  if (!done) return done.error();
  if (options.content == client::RangeContent::count) {
    if (context.printer().is_json())
      context.printer().print(boost::json::object{{"count", to_json_number(count)}});
    else
      context.printer().stream() << count << '\n';
  } else {
    output.end();
  }
  return ExitCode::done;
}

/// Prints keys page by page, as far as the format can.
class KeyOutput {
 public:
  /// `list` is their name in a JSON document.
  KeyOutput(Printer& printer, std::string_view list) : printer_(printer), list_(list) {}

  void take(const std::string& key) { rows_.rows.push_back({key}); }
  void end_page() {
    if (prints_at_once(printer_)) return;
    printer_.print(rows_, list_);
    rows_.rows.clear();
  }
  void end() {
    if (prints_at_once(printer_)) printer_.print(rows_, list_);
  }

 private:
  Printer& printer_;
  std::string_view list_;
  Table rows_{{"key"}, {}};
};

Result<ExitCode> list_prefix(Context& context, const std::string& prefix) {
  const std::string end = end_of_prefix(prefix);
  client::RangeOptions options;
  options.from = prefix;
  options.to = end;
  options.content = client::RangeContent::keys;
  KeyOutput output(context.printer(), "keys");
  const auto listed =
      for_each_page(context.transfer_client(), options, [&](const client::Page& page) {
        for (const client::Entry& entry : page.entries) output.take(entry.key);
        output.end_page();
      });
  if (!listed) return listed.error();
  output.end();
  return ExitCode::done;
}

Result<ExitCode> delete_prefix(Context& context) {
  for (const char* option : {"if-value", "if-revision", "prev"})
    if (context.arguments().has(option))
      return Error{ErrorCode::invalid_argument,
                   "--prefix goes with no --" + std::string(option) + ", which is of one key"};
  const std::string prefix = context.arguments().text("KEY");
  if (context.arguments().has("dry-run")) return list_prefix(context, prefix);
  if (!context.arguments().has("yes"))
    return Error{ErrorCode::invalid_argument,
                 "--prefix needs --yes to delete, or --dry-run to see what it would delete"};
  KeyOutput output(context.printer(), "deleted");
  PrefixDeleter deleter(context.transfer_client(), prefix);
  const auto done = deleter.run([&](const std::vector<std::string>& keys) {
    if (context.quiet()) return;
    for (const std::string& key : keys) output.take(key);
    output.end_page();
  });
  if (deleter.has_begun() && !context.quiet()) output.end();
  if (done) return ExitCode::done;
  if (deleter.count() == 0) return done.error();
  return partly_done(done.error(),
                     std::to_string(deleter.count()) + " keys deleted; to repeat it is safe");
}

Result<ExitCode> run_delete(Context& context) {
  if (context.arguments().has("prefix")) return delete_prefix(context);
  for (const char* option : {"dry-run", "yes"})
    if (context.arguments().has(option))
      return Error{ErrorCode::invalid_argument,
                   "--" + std::string(option) + " goes with --prefix; KEY alone is one key"};
  const std::string key = context.arguments().text("KEY");
  std::string condition;
  const auto options = write_options(context.arguments(), condition);
  if (!options) return options.error();
  const auto reply = context.client().erase(key, *options);
  if (!reply) return reply.error();
  return report(context, key, *reply);
}

}  // namespace

std::vector<Command> key_commands() {
  const Option read{"--read", OptionKind::text, "linearizable or local", "linearizable"};
  const Option revision_min{"--min-revision", OptionKind::number,
                            "See at least what this revision wrote", ""};
  const Option if_revision{"--if-revision", OptionKind::number,
                           "Only if the key was written last at this revision", ""};
  const Option if_value{"--if-value", OptionKind::text, "Only if the key has this value", ""};
  const Option previous{"--prev", OptionKind::flag, "Print what the key held before", ""};
  return {
      {"put",
       "Write a value under a key",
       Effect::writes,
       {{"KEY", "The key"},
        {"VALUE", "The value, or @FILE; standard input for - and when there is none",
         Presence::optional}},
       {{"--if-absent", OptionKind::flag, "Only if the key has no value", ""},
        if_revision,
        if_value,
        previous},
       run_put},
      {"get",
       "Print the value of a key",
       Effect::reads,
       {{"KEY", "The key"}},
       {read, revision_min},
       run_get},
      {"del",
       "Remove a key, or all keys with a prefix",
       Effect::writes,
       {{"KEY", "The key, or the prefix"}},
       {if_revision,
        if_value,
        previous,
        {"--prefix", OptionKind::flag, "Remove every key that begins with KEY", ""},
        {"--yes", OptionKind::flag, "With --prefix: really remove them", ""},
        {"--dry-run", OptionKind::flag, "With --prefix: print what would be removed", ""}},
       run_delete},
      {"range",
       "Print the keys from FROM up to but without TO",
       Effect::reads,
       {{"FROM", "The first key", Presence::optional},
        {"TO", "The end, which is not included", Presence::optional}},
       {{"--prefix", OptionKind::text, "The keys that begin with this", ""},
        {"--limit", OptionKind::number, "At most so many", ""},
        {"--reverse", OptionKind::flag, "From the last to the first", ""},
        {"--keys-only", OptionKind::flag, "Without the values", ""},
        {"--count", OptionKind::flag, "Only how many there are", ""},
        read,
        revision_min},
       run_range},
  };
}

}  // namespace kvctl
