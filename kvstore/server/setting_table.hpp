#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gms/model/result.hpp"
#include "kvstore/server/settings.hpp"

namespace kvstore::server {

/// A size in bytes, as opposed to a count.
struct SizeField {
  std::size_t* bytes;
};
struct CountField {
  std::size_t* count;
};
/// Where a setting's value lives, and of which kind it is.
using SettingField =
    std::variant<std::string*, std::vector<std::string>*, gms::model::Duration*, SizeField,
                 CountField, std::uint8_t*, Exposure*, LogLevel*, gms::core::EvictMode*>;

/// One setting. Its names: `key` under `[section]` in the file, at the top without a section;
/// `--section-key` as a flag; `KVD_SECTION_KEY` in the environment.
struct Setting {
  std::string_view section;
  std::string_view key;
  std::string_view help;
  SettingField (*field)(Settings& settings);
};

/// All settings.
[[nodiscard]] std::span<const Setting> setting_table();

[[nodiscard]] std::string flag_name(const Setting& setting);
[[nodiscard]] std::string environment_name(const Setting& setting);
/// `section.key`, as it is written in errors about files.
[[nodiscard]] std::string file_name(const Setting& setting);

/// Gives the setting a value as people write it. Error: invalid_argument, without the name.
[[nodiscard]] gms::model::Result<void> assign(const Setting& setting, Settings& settings,
                                              std::string_view text);
/// The value as people write it.
[[nodiscard]] std::string value_text(const Setting& setting, const Settings& settings);

}  // namespace kvstore::server
