#include "kvstore/server/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fstream>
#include <map>
#include <memory>

#include "kvstore/api/suggestion.hpp"
#include "kvstore/server/data_directory.hpp"
#include "kvstore/server/listen.hpp"
#include "kvstore/server/setting_table.hpp"

namespace kvstore::server {

using gms::model::Duration;
using gms::model::Error;
using gms::model::Result;

namespace {

constexpr const char* kVersion = "kvd " GROUPKV_VERSION;
constexpr const char* kInsecure = "--insecure";
constexpr const char* kConfig = "--config";

Failure usage(const std::string& what) {
  return {ExitCode::usage, what};
}

/// The sentence `what` about a name that is none of `known`.
std::string with_suggestion(std::string what, std::string_view name,
                            const std::vector<std::string>& known) {
  const std::string meant = api::suggestion(name, known);
  return std::move(what) + (meant.empty() ? "." : meant);
}

/// The options of one subcommand, and what was given of them.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) { app.allow_extras(); }

  void add_settings() {
    for (const Setting& setting : setting_table()) add(setting);
    app_.add_option(kConfig, file_, "a TOML file of settings (KVD_CONFIG)");
  }
  /// All but whom to join, which help leaves out.
  void add_founder_settings() {
    add_settings();
    app_.get_option("--join")->group("");
  }
  void add_initialise() {
    app_.add_flag("--init", initialise_, "make an empty directory a member's first");
  }
  void add_directory() { app_.add_option("DIR", directory_, "data directory")->required(); }
  void add_snapshot() {
    app_.add_option("FILE", snapshot_, "a file that kvctl snapshot save made")->required();
  }
  void add_survivors() {
    app_.add_option("DIR,--data", directories_,
                    "data directories of the members that are left; either way of giving them "
                    "will do");
    app_.add_flag("--yes", agreed_, "do it without asking");
  }

  /// An option that is none of the subcommand's.
  [[nodiscard]] std::optional<Failure> unknown() const {
    const std::vector<std::string> rest = app_.remaining();
    if (rest.empty()) return std::nullopt;
    const std::string name = rest.front().substr(0, rest.front().find('='));
    const std::string help = " Try: kvd " + app_.get_name() + " --help";
    if (!name.starts_with('-')) return usage("unexpected argument '" + name + "'." + help);
    std::vector<std::string> known{"--help"};
    for (const CLI::Option* option : app_.get_options()) known.push_back(option->get_name());
    return usage(with_suggestion("unknown option '" + name + "'", name, known) + help);
  }

  [[nodiscard]] Command command(CommandName name) const {
    Command out;
    out.name = name;
    out.initialise_first = initialise_ ? InitialiseFirst::yes : InitialiseFirst::no;
    out.file = file_;
    out.directory = directory_;
    out.directories = directories_;
    out.snapshot = snapshot_;
    out.agreement = agreed_ ? Agreement::given : Agreement::to_be_asked;
    for (const auto& [flag, value] : values_)
      if (app_.get_option(flag)->count() > 0) out.flags.push_back({flag, value});
    if (insecure_) out.flags.push_back({kInsecure, "true"});
    return out;
  }

 private:
  void add(const Setting& setting) {
    const std::string name = flag_name(setting);
    const std::string group =
        setting.section.empty() ? "Options" : "[" + std::string(setting.section) + "]";
    const std::string help(setting.help);
    if (name == kInsecure) {
      app_.add_flag(name, insecure_, help);
      return;
    }
    auto* option = app_.add_option(name, values_[name], help)->group(group);
    option->take_last();
    const std::string value = value_text(setting, Settings());
    option->type_name(value.empty() ? "TEXT" : "(" + value + ")");
  }

  CLI::App& app_;
  std::map<std::string, std::string> values_;
  std::string file_;
  std::string directory_;
  std::string snapshot_;
  std::vector<std::string> directories_;
  bool agreed_ = false;
  bool insecure_ = false;
  bool initialise_ = false;
};

/// kvd's subcommands.
class Parser {
 public:
  Parser() {
    app_.set_version_flag("--version", kVersion);
    // A word that is no command is told by that name.
    app_.allow_extras();
    app_.require_subcommand(0, 1);
    const auto version = [] { throw CLI::CallForVersion(kVersion, 0); };
    app_.add_subcommand("version", "say which version this is")->callback(version);
    Options& init = add("init", CommandName::init, "make a data directory for a new member");
    init.add_settings();
    Options& run = add("run", CommandName::run, "run the member of a data directory");
    run.add_settings();
    run.add_initialise();
    add("inspect", CommandName::inspect, "say what is in a data directory").add_directory();
    add("verify", CommandName::verify, "check all of a data directory").add_directory();
    Options& restore = add("restore", CommandName::restore,
                           "make a data directory for the first member of a new group that "
                           "begins with a snapshot");
    restore.add_snapshot();
    restore.add_founder_settings();
    add("recover", CommandName::recover,
        "found a new group with what is left of one that has lost its quorum for good")
        .add_survivors();
  }

  [[nodiscard]] std::variant<Command, Help, Failure> parse(std::span<const char* const> arguments) {
    // CLI11 takes the last argument first.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
      return Help{help()};
    } catch (const CLI::CallForVersion& version) {
      return Help{std::string(version.what()) + "\n"};
    } catch (const CLI::Error& error) {
      return usage(std::string(error.what()) + ". Try: kvd " + begun() + "--help");
    }
    for (const auto& [subcommand, added] : added_) {
      if (!subcommand->parsed()) continue;
      if (auto failure = added.second->unknown()) return *std::move(failure);
      return added.second->command(added.first);
    }
    return no_command();
  }

 private:
  Options& add(const char* name, CommandName command, const char* help) {
    CLI::App* subcommand = app_.add_subcommand(name, help);
    auto& added = added_[subcommand];
    added = {command, std::make_unique<Options>(*subcommand)};
    return *added.second;
  }

  /// The command that arguments follow, and a space; nothing without one.
  [[nodiscard]] std::string begun() const {
    for (const auto& [subcommand, added] : added_)
      if (subcommand->parsed()) return subcommand->get_name() + " ";
    return {};
  }

  [[nodiscard]] Failure no_command() const {
    const std::vector<std::string> rest = app_.remaining();
    if (rest.empty()) return usage("a command is missing. Try: kvd --help");
    std::vector<std::string> known{"version", "--help", "--version"};
    for (const auto& [subcommand, added] : added_) known.push_back(subcommand->get_name());
    const char* const kind =
        rest.front().starts_with('-') ? "unknown option '" : "there is no command '";
    return usage(with_suggestion(kind + rest.front() + "'", rest.front(), known) +
                 " Try: kvd --help");
  }

  [[nodiscard]] std::string help() const {
    for (const auto& [subcommand, added] : added_)
      if (subcommand->parsed()) return subcommand->help();
    return app_.help();
  }

  CLI::App app_{"a replica of a key-value store", "kvd"};
  std::map<const CLI::App*, std::pair<CommandName, std::unique_ptr<Options>>> added_;
};

/// Whether a file that is not there matters.
enum class Presence { optional, required };

Result<void> apply_file_at(const std::string& path, Presence presence, Settings& settings) {
  std::ifstream file(path);
  if (file) return apply_file(file, path, settings);
  if (presence == Presence::optional) return {};
  return Error{gms::model::ErrorCode::invalid_argument, "cannot read " + path};
}

std::string named_file(const Command& command, std::span<const std::string_view> environment) {
  if (!command.file.empty()) return command.file;
  const std::string prefix = std::string(kFileVariable) + "=";
  for (const std::string_view line : environment)
    if (line.starts_with(prefix)) return std::string(line.substr(prefix.size()));
  return {};
}

/// Applies all sources but the data directory's file.
Result<void> apply_given(const Command& command, std::span<const std::string_view> environment,
                         Settings& settings) {
  const std::string file = named_file(command, environment);
  if (!file.empty())
    if (auto applied = apply_file_at(file, Presence::required, settings); !applied) return applied;
  if (auto applied = apply_environment(environment, settings); !applied) return applied;
  return apply_flags(command.flags, settings);
}

std::optional<Failure> check_address(const char* what, const std::string& address,
                                     Exposure exposure) {
  const auto endpoint = parse_endpoint(address);
  if (!endpoint) return usage(std::string(what) + ": " + endpoint.error().detail);
  if (exposure == Exposure::anywhere || endpoint->address().is_loopback()) return std::nullopt;
  return usage(std::string(what) + ": other hosts can reach " + address +
               ", and whoever reaches it can read and change everything: there is no "
               "authentication yet. Try: --insecure, if that is what you want");
}

/// What others are told, or is asked for admission.
std::optional<Failure> check_targets(const char* what, std::span<const std::string> addresses) {
  for (const std::string& address : addresses)
    if (const auto checked = check_target(address); !checked)
      return usage(std::string(what) + ": " + checked.error().detail);
  return std::nullopt;
}

std::optional<Failure> check_addresses(const Settings& settings) {
  if (auto failure = check_address("listen-client", settings.listen_client, settings.exposure))
    return failure;
  if (auto failure = check_address("listen-peer", settings.listen_peer, settings.exposure))
    return failure;
  if (auto failure = check_targets("join", settings.join)) return failure;
  const std::string& client = settings.advertise_client;
  if (!client.empty())
    if (auto failure = check_targets("advertise-client", {&client, 1})) return failure;
  const std::string& peer = settings.advertise_peer;
  return peer.empty() ? std::nullopt : check_targets("advertise-peer", {&peer, 1});
}

}  // namespace

std::variant<Command, Help, Failure> parse_command_line(std::span<const char* const> arguments) {
  return Parser().parse(arguments);
}

std::variant<Settings, Failure> gather_settings(const Command& command,
                                                std::span<const std::string_view> environment) {
  // Where the data directory is decides which file is the weakest source.
  Settings given;
  if (const auto applied = apply_given(command, environment, given); !applied)
    return usage(applied.error().detail);
  Settings settings;
  if (!given.data.empty()) {
    const auto applied = apply_file_at(settings_file(given.data), Presence::optional, settings);
    if (!applied) return usage(applied.error().detail);
  }
  if (const auto applied = apply_given(command, environment, settings); !applied)
    return usage(applied.error().detail);
  return settings;
}

namespace {

bool is_zero(const SettingField& field) {
  if (const auto* const time = std::get_if<Duration*>(&field)) return **time == Duration::zero();
  if (const auto* const size = std::get_if<SizeField>(&field)) return *size->bytes == 0;
  if (const auto* const count = std::get_if<CountField>(&field)) return *count->count == 0;
  return false;
}

/// Times are added to clocks.
constexpr Duration kDurationMax = std::chrono::hours(365 * 24);

bool is_too_long(const SettingField& field) {
  const auto* const time = std::get_if<Duration*>(&field);
  return time != nullptr && **time > kDurationMax;
}

/// A limit of nothing would stop for ever what it limits. Only to hold nothing back makes sense.
std::optional<Failure> check_limits(Settings settings) {
  for (const Setting& setting : setting_table()) {
    const bool holds = setting.key.starts_with("held-") || setting.key.starts_with("hold-");
    if (setting.section == "limits" && !holds && is_zero(setting.field(settings)))
      return usage(flag_name(setting) + " must be more than 0");
    if (is_too_long(setting.field(settings)))
      return usage(flag_name(setting) + " must be at most a year");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Failure> check_settings(const Settings& settings) {
  if (settings.data.empty()) return usage("no data directory. Try: --data DIR");
  if (auto failure = check_addresses(settings)) return failure;
  if (const auto valid = gms::core::validate(settings.group.config); !valid)
    return usage("gms: " + valid.error().detail);
  const std::uint64_t low = settings.group.disk_low_bytes;
  if (low != 0 && low <= settings.group.disk_reserve_bytes)
    return usage("log-disk-low-bytes must be larger than log-disk-reserve-bytes, or 0");
  return check_limits(settings);
}

}  // namespace kvstore::server
