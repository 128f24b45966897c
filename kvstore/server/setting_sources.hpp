#pragma once

#include <istream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kvstore/server/setting_table.hpp"

namespace kvstore::server {

/// A flag of a setting as given: the setting's flag name, and its value.
struct GivenFlag {
  std::string name;
  std::string value;
};

// Where settings come from. Each source overrides what was set before; in the order below a flag is
// stronger than the environment, and that is stronger than a file.
//
// Error of all: invalid_argument, naming the place, what is wrong, and for an unknown name the
// one that is like it, if there is any.

/// A TOML file's tables; keys may be written with `-` or `_`. `name` is the file's, for errors.
[[nodiscard]] gms::model::Result<void> apply_file(std::istream& file, std::string_view name,
                                                  Settings& settings);
/// `environment` holds `NAME=VALUE` lines, of which those that begin with `KVD_` are read.
[[nodiscard]] gms::model::Result<void> apply_environment(
    std::span<const std::string_view> environment, Settings& settings);
[[nodiscard]] gms::model::Result<void> apply_flags(std::span<const GivenFlag> flags,
                                                   Settings& settings);

/// The variable that names the file of settings; a flag is stronger.
inline constexpr std::string_view kFileVariable = "KVD_CONFIG";

}  // namespace kvstore::server
