#include "tests/cluster/documentation.hpp"

#include <charconv>
#include <sstream>

namespace tests::cluster {
namespace {

constexpr std::string_view kFence = "```";
constexpr std::string_view kPrompt = "$ ";
constexpr std::string_view kExit = "# exit ";

ShownCommand command_of(std::string_view line, std::size_t number) {
  ShownCommand command{std::string(line.substr(kPrompt.size())), 0, number};
  const std::size_t at = line.rfind(kExit);
  if (at == std::string_view::npos) return command;
  const std::string_view code = line.substr(at + kExit.size());
  std::from_chars(code.data(), code.data() + code.size(), command.exit_code);
  return command;
}

}  // namespace

std::vector<ShownCommand> commands_in(std::string_view text) {
  std::vector<ShownCommand> commands;
  std::istringstream lines{std::string(text)};
  bool is_in_block = false;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with(kFence))
      is_in_block = !is_in_block;
    else if (is_in_block && line.starts_with(kPrompt))
      commands.push_back(command_of(line, number));
  }
  return commands;
}

std::string block_after(std::string_view text, std::string_view heading,
                        std::string_view language) {
  const std::string fence = "\n" + std::string(kFence) + std::string(language) + "\n";
  const std::size_t place = text.find(heading);
  const std::size_t begin = text.find(fence, place);
  if (place == std::string_view::npos || begin == std::string_view::npos) return {};
  const std::size_t content = begin + fence.size();
  return std::string(text.substr(content, text.find(kFence, content) - content));
}

Finished run_commands(const std::vector<ShownCommand>& commands,
                      const std::filesystem::path& directory) {
  std::string script = "cd '" + directory.string() + "' || exit 1\n";
  // What was started with & and is still there at the end was for the reader to stop.
  script += "trap 'for job in $(jobs -p); do kill -9 $job; done' EXIT\n";
  for (const ShownCommand& command : commands) {
    const std::string place = "line " + std::to_string(command.line);
    script += "echo '" + place + "'\n" + command.text + "\n";
    script += "code=$?; if [ $code != " + std::to_string(command.exit_code) + " ]; then echo \"" +
              place + " ends with $code\"; exit 1; fi\n";
  }
  return run_program({"/bin/bash", "-c", script});
}

}  // namespace tests::cluster
