#include "client/kvctl/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>

#include "client/kvctl/similar.hpp"

namespace kvctl {
namespace {

/// The long name without its dashes.
std::string key_of(const Option& option) {
  const std::size_t dashes = option.names.rfind("--");
  return std::string(option.names.substr(dashes + 2));
}

/// An empty text when it is of the kind, else what is wrong.
std::string check(OptionKind kind, const std::string& text) {
  if (kind == OptionKind::number) {
    const auto number = parse_number(text);
    return number ? "" : number.error().detail;
  }
  if (kind == OptionKind::duration) {
    const auto duration = parse_duration(text);
    return duration ? "" : duration.error().detail;
  }
  return "";
}

/// The end of a sentence about a name that is none of these.
std::string suggestion(const std::string& name, const std::vector<std::string>& known) {
  const auto meant = similar(name, known);
  return meant ? "; did you mean '" + *meant + "'?" : ".";
}

// CLI11 takes the word `++` for the end of a command, and swallows it. So it does not get to see
// it: a NUL before it makes it a word like any other, and one that no command line can have.
constexpr std::string_view kEndOfCommand = "++";

std::string hidden(std::string word) {
  if (word == kEndOfCommand) word.insert(word.begin(), '\0');
  return word;
}

std::string shown(std::string text) {
  std::erase(text, '\0');
  return text;
}

/// Where CLI11 puts what it finds, by the argument's name.
using Found = std::map<std::string, std::vector<std::string>>;

void add_option(CLI::App& app, const Option& option, Found& found) {
  const std::string names(option.names);
  const std::string help(option.help);
  std::vector<std::string>& values = found[key_of(option)];
  if (option.kind == OptionKind::flag) {
    app.add_flag_callback(names, [&values] { values.emplace_back("true"); }, help);
    return;
  }
  const auto take = [&values](const std::string& text) { values.push_back(shown(text)); };
  auto* added = app.add_option_function<std::string>(names, take, help);
  added->type_name(option.kind == OptionKind::text     ? "TEXT"
                   : option.kind == OptionKind::number ? "N"
                                                       : "TIME");
  if (!option.fallback.empty()) added->default_str(std::string(option.fallback));
  added->check([kind = option.kind](const std::string& text) { return check(kind, shown(text)); },
               "");
}

void add_operand(CLI::App& app, const Operand& operand, Found& found) {
  const std::string name(operand.name);
  const auto take = [&values = found[name]](const std::string& text) {
    values.push_back(shown(text));
  };
  auto* added = app.add_option_function<std::string>(name, take, std::string(operand.help));
  added->type_name("");
  if (operand.presence == Presence::required) added->required();
}

/// The parser of all commands, and which of its parts is whose.
class Parser {
 public:
  explicit Parser(const std::vector<Command>& commands);

  [[nodiscard]] Invocation parse(std::vector<std::string> line);
  /// What `help` was asked about, if it was.
  [[nodiscard]] const std::vector<std::string>& help_wanted() const { return help_wanted_; }

 private:
  struct Part {
    const Command* command;
    CLI::App* app;
    std::unique_ptr<Found> found;
  };

  CLI::App& group(std::string_view name);
  [[nodiscard]] Invocation chosen() const;
  [[nodiscard]] Invocation failed(const CLI::ParseError& error) const;
  /// What is wrong, a sentence that does not say where.
  [[nodiscard]] std::string fault(const CLI::ParseError& error) const;
  /// What the line has begun to name: a command, a group of them, or nothing.
  [[nodiscard]] std::string begun() const;
  [[nodiscard]] std::vector<std::string> options_known() const;
  /// Whether the line has a word in a command's place that is none.
  [[nodiscard]] bool names_no_command() const;
  /// The next words of the commands that begin with `begun()`.
  [[nodiscard]] std::vector<std::string> words_known() const;

  CLI::App app_{"Writes to, reads from and looks after a groupkv group.", "kvctl"};
  Found globals_;
  std::vector<std::string> help_wanted_;
  std::map<std::string, CLI::App*> groups_;
  std::vector<Part> parts_;
};

Parser::Parser(const std::vector<Command>& commands) {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", "kvctl " KVCTL_VERSION);
  for (const Option& option : global_options()) add_option(app_, option, globals_);
  for (const Command& command : commands) {
    const std::size_t space = command.name.find(' ');
    CLI::App& parent =
        space == std::string_view::npos ? app_ : group(command.name.substr(0, space));
    const std::string_view own =
        space == std::string_view::npos ? command.name : command.name.substr(space + 1);
    CLI::App* app = parent.add_subcommand(std::string(own), std::string(command.help));
    app->fallthrough();
    parts_.push_back({&command, app, std::make_unique<Found>()});
    for (const Operand& operand : command.operands)
      add_operand(*app, operand, *parts_.back().found);
    for (const Option& option : command.options) add_option(*app, option, *parts_.back().found);
  }
  const std::string text = "Print this text, or that of a command";
  app_.add_subcommand("help", text)
      ->fallthrough()
      ->add_option("COMMAND", help_wanted_, "A command, or a group of them")
      ->type_name("");
}

CLI::App& Parser::group(std::string_view name) {
  const std::string text(name);
  CLI::App*& known = groups_[text];
  if (known == nullptr) {
    known = app_.add_subcommand(text, std::string(help_of_group(name)));
    known->require_subcommand(1)->fallthrough();
  }
  return *known;
}

Invocation Parser::parse(std::vector<std::string> line) {
  for (std::string& word : line) word = hidden(std::move(word));
  // CLI11 takes the words from the back.
  std::ranges::reverse(line);
  try {
    app_.parse(std::move(line));
  } catch (const CLI::ParseError& error) {
    return failed(error);
  }
  return chosen();
}

Invocation Parser::chosen() const {
  Invocation invocation;
  for (const auto& [name, values] : globals_)
    for (const std::string& value : values) invocation.arguments.add(name, value);
  for (const Part& part : parts_) {
    if (!part.app->parsed()) continue;
    invocation.command = part.command;
    for (const Option& option : part.command->options)
      if (!option.fallback.empty() && part.found->at(key_of(option)).empty())
        invocation.arguments.add(key_of(option), std::string(option.fallback));
    for (const auto& [name, values] : *part.found)
      for (const std::string& value : values) invocation.arguments.add(name, value);
    return invocation;
  }
  const auto& formatter = *app_.get_formatter();
  invocation.text = formatter.make_help(&app_, app_.get_name(), CLI::AppFormatMode::Normal);
  return invocation;
}

Invocation Parser::failed(const CLI::ParseError& error) const {
  Invocation invocation;
  if (dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr) {
    invocation.text = std::string(error.what()) + '\n';
  } else if (error.get_exit_code() == 0 && !names_no_command()) {
    // Of the command that it follows, if it follows one.
    invocation.text = app_.help();
  } else {
    const std::string place = begun();
    invocation.exit_code = ExitCode::usage;
    invocation.text = "error: " + place + (place.empty() ? "" : ": ") + shown(fault(error)) +
                      " Try: kvctl " + place + (place.empty() ? "" : " ") + "--help\n";
  }
  return invocation;
}

std::string Parser::fault(const CLI::ParseError& error) const {
  const std::vector<std::string> rest = app_.remaining(true);
  const std::vector<std::string> words = words_known();
  if (!words.empty() && !rest.empty() && !rest[0].starts_with('-'))
    return "there is no command '" + rest[0] + "'" + suggestion(rest[0], words);
  const auto option = std::ranges::find_if(
      rest, [](const std::string& word) { return word.size() > 1 && word[0] == '-'; });
  if (option != rest.end())
    return "unknown option '" + *option + "'" + suggestion(*option, options_known());
  if (words.empty() && rest.empty()) return std::string(error.what()) + ".";
  return words.empty() ? "unexpected argument '" + rest[0] + "'." : "a command is missing.";
}

bool Parser::names_no_command() const {
  const auto is_word = [](const std::string& word) { return !word.starts_with('-'); };
  return !words_known().empty() && std::ranges::any_of(app_.remaining(true), is_word);
}

std::string Parser::begun() const {
  for (const Part& part : parts_)
    if (part.app->parsed()) return std::string(part.command->name);
  for (const auto& [name, app] : groups_)
    if (app->parsed()) return name;
  return "";
}

std::vector<std::string> Parser::options_known() const {
  std::vector<std::string> known{"--help"};
  const auto add = [&](const Option& option) { known.push_back("--" + key_of(option)); };
  for (const Part& part : parts_)
    if (part.app->parsed()) std::ranges::for_each(part.command->options, add);
  std::ranges::for_each(global_options(), add);
  return known;
}

std::vector<std::string> Parser::words_known() const {
  const std::string place = begun();
  const std::string before = place.empty() ? "" : place + " ";
  std::vector<std::string> known;
  for (const Part& part : parts_) {
    if (part.command->name == place) return {};
    if (!part.command->name.starts_with(before)) continue;
    const std::string_view rest = part.command->name.substr(before.size());
    known.emplace_back(rest.substr(0, rest.find(' ')));
  }
  return known;
}

}  // namespace

Invocation parse_command_line(const std::vector<std::string>& line,
                              const std::vector<Command>& commands) {
  Parser parser(commands);
  Invocation invocation = parser.parse(line);
  std::vector<std::string> words = parser.help_wanted();
  if (words.empty() || invocation.exit_code != ExitCode::done) return invocation;
  words.emplace_back("--help");
  return Parser(commands).parse(words);
}

}  // namespace kvctl
