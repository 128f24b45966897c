#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/kvctl/arguments.hpp"

namespace kvctl {

/// How data is printed. `automatic` is a table on a terminal and plain in a pipe.
enum class Format : std::uint8_t { automatic, table, plain, json, jsonl, raw };

enum class Verbosity : std::uint8_t { quiet, normal, verbose };

enum class Colour : std::uint8_t { automatic, always, never };

/// What holds for every command.
struct Settings {
  /// Empty when nothing names any: then the local cluster's, or the usual port.
  std::vector<std::string> endpoints;
  Format format = Format::automatic;
  /// Nothing when it was not set: then five seconds, or what suits the command.
  std::optional<std::chrono::milliseconds> timeout;
  Verbosity verbosity = Verbosity::normal;
  Colour colour = Colour::automatic;
  /// Of the cluster on this machine.
  std::filesystem::path directory = ".groupkv";
  /// The command line names that cluster, and no endpoints: no other one will do.
  bool names_cluster = false;
  /// Client ports of that cluster follow it. Nothing when it was not set: then kBasePortDefault, or
  /// what the cluster has.
  std::optional<std::uint16_t> base_port;
};

/// The value of an environment variable, if it is set and not empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Flag before environment (`KVCTL_ENDPOINTS` and the like), environment before file (lines of
/// `name = value`, named as the flags), file before the default. Errors: invalid_argument, naming
/// the place; not_found, for a file that the environment names.
[[nodiscard]] client::Result<Settings> settings_of(const Arguments& arguments,
                                                   const Environment& environment);

}  // namespace kvctl
