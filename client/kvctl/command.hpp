#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "client/kvctl/exit_code.hpp"
#include "client/types.hpp"

namespace kvctl {

class Context;

enum class OptionKind : std::uint8_t { flag, text, number, duration };

struct Option {
  /// `--name` or `-n,--name`. It is read under its long name, without the dashes.
  std::string_view names;
  OptionKind kind = OptionKind::flag;
  std::string_view help;
  /// Empty for none.
  std::string_view fallback;
};

enum class Presence : std::uint8_t { required, optional };

/// An argument without dashes.
struct Operand {
  std::string_view name;
  std::string_view help;
  Presence presence = Presence::required;
};

/// What a failure means to the user: whether something may have changed.
enum class Effect : std::uint8_t {
  reads,
  writes,
  /// Many writes, some of which may be done: the error's detail says how far they came.
  writes_many,
  manages,
};

/// Whom a command is about.
enum class Scope : std::uint8_t { group, this_machine };

/// One command of kvctl. The name may have two words: a group and a command of it.
struct Command {
  std::string_view name;
  std::string_view help;
  Effect effect = Effect::reads;
  std::vector<Operand> operands;
  std::vector<Option> options;
  client::Result<ExitCode> (*run)(Context& context) = nullptr;
  Scope scope = Scope::group;
};

// The groups, a file each.
[[nodiscard]] std::vector<Command> key_commands();
[[nodiscard]] std::vector<Command> bulk_commands();
[[nodiscard]] std::vector<Command> snapshot_commands();
[[nodiscard]] std::vector<Command> group_commands();
[[nodiscard]] std::vector<Command> member_commands();
[[nodiscard]] std::vector<Command> event_commands();
[[nodiscard]] std::vector<Command> verify_commands();
[[nodiscard]] std::vector<Command> bench_commands();
[[nodiscard]] std::vector<Command> local_commands();

/// All commands, in the order of the help.
[[nodiscard]] std::vector<Command> all_commands();

/// What the commands of a group, such as `member`, are about.
[[nodiscard]] std::string_view help_of_group(std::string_view name);

/// The options of every command.
[[nodiscard]] const std::vector<Option>& global_options();

}  // namespace kvctl
