#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kvstore/server/exit_code.hpp"
#include "kvstore/server/setting_sources.hpp"

namespace kvstore::server {

enum class CommandName { init, run, inspect, verify, recover, restore };
/// Whether `run` makes an empty directory a member's first.
enum class InitialiseFirst { no, yes };

/// Whether what was asked for is agreed to already, or has to be asked about.
enum class Agreement { to_be_asked, given };

/// A command as typed.
struct Command {
  CommandName name = CommandName::run;
  InitialiseFirst initialise_first = InitialiseFirst::no;
  /// The file of settings; empty for none.
  std::string file;
  std::vector<GivenFlag> flags;
  /// Of inspect and verify.
  std::string directory;
  /// Of restore.
  std::string snapshot;
  /// Of recover.
  std::vector<std::string> directories;
  Agreement agreement = Agreement::to_be_asked;
};
/// Text that was asked for, and nothing else is to be done.
struct Help {
  std::string text;
};

/// `arguments` are without the program's name. A failure names an option that is like one that is
/// not known.
[[nodiscard]] std::variant<Command, Help, Failure> parse_command_line(
    std::span<const char* const> arguments);

/// The settings of a command, from all their sources: the defaults, the file that init left in the
/// data directory, the file named, the environment, the flags, each stronger than those before.
[[nodiscard]] std::variant<Settings, Failure> gather_settings(
    const Command& command, std::span<const std::string_view> environment);

/// What must hold before a member is made or run: it has a directory, addresses that can be
/// listened at, none of which other hosts reach unless that was asked for, others that can be told
/// and asked, and timers that fit together.
[[nodiscard]] std::optional<Failure> check_settings(const Settings& settings);

}  // namespace kvstore::server
