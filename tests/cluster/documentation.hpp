#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cluster/program.hpp"

namespace tests::cluster {

/// A command that a document shows to its readers.
struct ShownCommand {
  std::string text;
  /// What it ends with: 0, unless `# exit N` follows it.
  int exit_code = 0;
  std::size_t line = 0;
};

/// The commands of a Markdown text: the lines of its fenced blocks that begin with `$ `, in order.
[[nodiscard]] std::vector<ShownCommand> commands_in(std::string_view text);

/// The first fenced block of that language, such as `json`, after the line `heading`; empty when
/// there is none.
[[nodiscard]] std::string block_after(std::string_view text, std::string_view heading,
                                      std::string_view language);

/// Runs the commands one after another in one shell, in `directory`, until one ends with another
/// code than it should; its line is the last thing that was said then, and the code is 1.
[[nodiscard]] Finished run_commands(const std::vector<ShownCommand>& commands,
                                    const std::filesystem::path& directory);

}  // namespace tests::cluster
