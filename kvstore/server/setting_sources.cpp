#include "kvstore/server/setting_sources.hpp"

#include <CLI/Config.hpp>
#include <algorithm>

#include "kvstore/api/suggestion.hpp"

namespace kvstore::server {

using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

namespace {

constexpr std::string_view kPrefix = "KVD_";

using NameOf = std::string (*)(const Setting&);

Error wrong(const std::string& what) {
  return {ErrorCode::invalid_argument, what};
}

const Setting* find(std::string_view name, NameOf name_of) {
  const auto table = setting_table();
  const auto found =
      std::ranges::find_if(table, [&](const Setting& setting) { return name_of(setting) == name; });
  return found == table.end() ? nullptr : &*found;
}

std::string suggested_setting(std::string_view name, NameOf name_of) {
  std::vector<std::string> known;
  for (const Setting& setting : setting_table()) known.push_back(name_of(setting));
  return api::suggestion(name, known);
}

/// Assigns by name; `place` goes before what errors say.
Result<void> apply(std::string_view name, NameOf name_of, std::string_view value,
                   const std::string& place, Settings& settings) {
  const Setting* setting = find(name, name_of);
  if (setting == nullptr)
    return wrong(place + "unknown setting '" + std::string(name) + "'" +
                 suggested_setting(name, name_of));
  const auto assigned = assign(*setting, settings, value);
  if (!assigned) return wrong(place + std::string(name) + ": " + assigned.error().detail);
  return {};
}

std::string with_dashes(std::string text) {
  std::ranges::replace(text, '_', '-');
  return text;
}

std::string comma_separated(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ",") + value;
  return out;
}

}  // namespace

Result<void> apply_file(std::istream& file, std::string_view name, Settings& settings) {
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(file);
  } catch (const CLI::Error& error) {
    return wrong(std::string(name) + ": " + error.what());
  }
  for (const CLI::ConfigItem& item : items) {
    // What the reader says at the beginning and the end of a table.
    if (item.name == "++" || item.name == "--") continue;
    const auto applied = apply(with_dashes(item.fullname()), file_name,
                               comma_separated(item.inputs), std::string(name) + ": ", settings);
    if (!applied) return applied;
  }
  return {};
}

Result<void> apply_environment(std::span<const std::string_view> environment, Settings& settings) {
  for (const std::string_view line : environment) {
    const std::size_t equals = std::min(line.find('='), line.size());
    const std::string_view name = line.substr(0, equals);
    if (!name.starts_with(kPrefix) || name == kFileVariable) continue;
    const std::string_view value = line.substr(std::min(equals + 1, line.size()));
    const auto applied = apply(name, environment_name, value, "environment: ", settings);
    if (!applied) return applied;
  }
  return {};
}

Result<void> apply_flags(std::span<const GivenFlag> flags, Settings& settings) {
  for (const GivenFlag& flag : flags)
    if (auto applied = apply(flag.name, flag_name, flag.value, "", settings); !applied)
      return applied;
  return {};
}

}  // namespace kvstore::server
