#include "client/kvctl/settings.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

#include "client/address.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;

/// Settings that come from anywhere, by the names of their flags.
constexpr std::array<const char*, 6> kNames = {"endpoints", "output", "timeout",
                                               "color",     "dir",    "base-port"};
/// The peer ports are above the client ports, and all of them are ports.
constexpr std::uint64_t kBasePortMax = 65'000;

Error wrong(const std::string& place, const std::string& what) {
  return {ErrorCode::invalid_argument, place + ": " + what};
}

std::string variable_of(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  std::ranges::replace(name, '-', '_');
  return "KVCTL_" + name;
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\"");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\"") - first + 1);
}

using Values = std::map<std::string, std::string>;

/// What is not there says nothing; what is there has to be readable, for who wrote a setting down
/// counts on it.
Result<Values> read_file(const std::filesystem::path& path) {
  Values values;
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (status.type() == std::filesystem::file_type::not_found) return values;
  std::ifstream in(path);
  if (failed || std::filesystem::is_directory(status) || !in)
    return Error{ErrorCode::io, path.string() + ": cannot be read, and may hold settings"};
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    const std::string place = path.string() + ":" + std::to_string(++number);
    line = trimmed(line);
    if (line.empty() || line[0] == '#') continue;
    const std::size_t equals = line.find('=');
    const std::string name = trimmed(line.substr(0, equals));
    if (equals == std::string::npos || std::ranges::find(kNames, name) == kNames.end())
      return wrong(place, "not a setting of endpoints, output, timeout, color, dir or base-port");
    values[name] = trimmed(line.substr(equals + 1));
  }
  if (in.bad()) return Error{ErrorCode::io, path.string() + ": cannot be read to its end"};
  return values;
}

Result<Values> file_values(const Environment& environment) {
  if (const auto named = environment("KVCTL_CONFIG")) {
    std::error_code failed;
    if (std::filesystem::status(*named, failed).type() == std::filesystem::file_type::not_found)
      return Error{ErrorCode::not_found, *named + ": no such file (KVCTL_CONFIG names it)"};
    return read_file(*named);
  }
  if (const auto home = environment("HOME"))
    return read_file(std::filesystem::path(*home) / ".config/groupkv/kvctl.conf");
  return Values();
}

struct Found {
  std::string value;
  std::string place;
};

/// The value with the highest rank and where it stands.
std::optional<Found> find(const std::string& name, const Arguments& arguments,
                          const Environment& environment, const Values& file) {
  if (const auto flag = arguments.find(name)) return Found{*flag, "--" + name};
  if (const auto value = environment(variable_of(name))) return Found{*value, variable_of(name)};
  if (const auto value = file.find(name); value != file.end())
    return Found{value->second, "the configuration file's " + name};
  return std::nullopt;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    if (const std::string part = trimmed(text.substr(at, comma - at)); !part.empty())
      parts.push_back(part);
    at = comma + 1;
  }
  return parts;
}

template <class Value, std::size_t N>
Result<Value> choose(const Found& found,
                     const std::array<std::pair<const char*, Value>, N>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (found.value == name) return value;
    names += std::string(names.empty() ? "" : ", ") + name;
  }
  return wrong(found.place, "'" + found.value + "' is none of " + names);
}

constexpr std::array<std::pair<const char*, Format>, 5> kFormats{{{"table", Format::table},
                                                                  {"plain", Format::plain},
                                                                  {"json", Format::json},
                                                                  {"jsonl", Format::jsonl},
                                                                  {"raw", Format::raw}}};
constexpr std::array<std::pair<const char*, Colour>, 3> kColours{
    {{"auto", Colour::automatic}, {"always", Colour::always}, {"never", Colour::never}}};

Result<void> apply(const std::string& name, const Found& found, Settings& settings) {
  if (name == "endpoints") {
    settings.endpoints = split(found.value);
    if (settings.endpoints.empty()) return wrong(found.place, "names no address");
    for (const std::string& endpoint : settings.endpoints)
      if (const auto checked = client::check_address(endpoint); !checked)
        return wrong(found.place, checked.error().detail);
  } else if (name == "output") {
    const auto format = choose(found, kFormats);
    if (!format) return format.error();
    settings.format = *format;
  } else if (name == "timeout") {
    const auto timeout = parse_duration(found.value);
    if (!timeout || timeout->count() == 0)
      return wrong(found.place, "'" + found.value + "' is not a duration, such as 250ms or 5s");
    settings.timeout = *timeout;
  } else if (name == "color") {
    const auto colour = choose(found, kColours);
    if (!colour) return colour.error();
    settings.colour = *colour;
  } else if (name == "base-port") {
    const auto port = parse_number(found.value);
    if (!port || *port == 0 || *port > kBasePortMax)
      return wrong(found.place, "'" + found.value + "' is not a port from 1 to 65000");
    settings.base_port = static_cast<std::uint16_t>(*port);
  } else {
    settings.directory = found.value;
  }
  return {};
}

}  // namespace

Result<Settings> settings_of(const Arguments& arguments, const Environment& environment) {
  const auto file = file_values(environment);
  if (!file) return file.error();
  Settings settings;
  if (environment("NO_COLOR")) settings.colour = Colour::never;
  for (const char* name : kNames) {
    const auto found = find(name, arguments, environment, *file);
    if (!found) continue;
    if (auto applied = apply(name, *found, settings); !applied) return applied.error();
  }
  // Who names a cluster means that one, whatever stands elsewhere.
  settings.names_cluster = arguments.has("dir") && !arguments.has("endpoints");
  if (settings.names_cluster) settings.endpoints.clear();
  if (arguments.has("verbose")) settings.verbosity = Verbosity::verbose;
  if (arguments.has("quiet")) settings.verbosity = Verbosity::quiet;
  return settings;
}

}  // namespace kvctl
