#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/kvctl/arguments.hpp"
#include "client/kvctl/command.hpp"

namespace kvctl {

/// What a command line asks for.
struct Invocation {
  /// None for a line that only wants to be told something, or that is wrong.
  const Command* command = nullptr;
  /// Options given, operands, and the fallbacks of the command's own options. Global options are
  /// here only if they were given.
  Arguments arguments;
  /// To print, without a command.
  std::string text;
  ExitCode exit_code = ExitCode::done;
};

/// Understands a command line, without the program's name. `commands` outlives the result.
[[nodiscard]] Invocation parse_command_line(const std::vector<std::string>& line,
                                            const std::vector<Command>& commands);

}  // namespace kvctl
