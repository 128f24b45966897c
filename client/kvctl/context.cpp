#include "client/kvctl/context.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "client/kvctl/command_line.hpp"
#include "client/kvctl/local_cluster.hpp"
#include "client/kvctl/local_layout.hpp"
#include "client/kvctl/text.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;

constexpr std::chrono::milliseconds kTimeout{5000};
constexpr const char* kUsualEndpoint = "127.0.0.1:7400";

Format resolved(Format format) {
  if (format != Format::automatic) return format;
  return isatty(STDOUT_FILENO) == 1 ? Format::table : Format::plain;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

constexpr std::string_view kTry = " Try: ";
/// What an error of a command says that has done a part of its work.
constexpr std::string_view kPartly = ". Partly done: ";

/// Whether something was changed, where that has to be said.
std::string_view extent_of(const Error& error, Effect effect) {
  if (error.code == ErrorCode::outcome_unknown)
    return " The outcome is unknown: it may have been applied.";
  if (effect != Effect::writes) return "";
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::not_leader:
    case ErrorCode::closed:
    case ErrorCode::timed_out: return " Not applied; safe to retry.";
    case ErrorCode::busy: return " Not applied; retry later.";
    case ErrorCode::conflict:
    case ErrorCode::io:
    case ErrorCode::too_large: return " Not applied.";
    default: return "";
  }
}

/// What to type next, where the error does not say it itself.
std::string_view next_step(const Error& error, Effect effect) {
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::not_leader:
    case ErrorCode::closed:
    case ErrorCode::timed_out: return effect == Effect::manages ? "" : "kvctl status";
    case ErrorCode::outcome_unknown: return "kvctl status";
    case ErrorCode::busy: return "kvctl status -v";
    default: return "";
  }
}

std::string subject_of(const Command& command, const Arguments& arguments) {
  std::string subject(command.name);
  if (command.operands.empty()) return subject;
  const auto first = arguments.find(std::string(command.operands.front().name));
  if (first) subject += ' ' + shortened(escape(*first), 80);
  return subject;
}

/// A wrong use of a command is explained by that command's help.
Error with_help(Error error, const Command& command) {
  if (error.code == ErrorCode::invalid_argument && error.detail.find(kTry) == std::string::npos)
    error.detail += "." + std::string(kTry) + "kvctl " + std::string(command.name) + " --help";
  return error;
}

void print_error(const std::string& line, Colour colour) {
  const bool coloured =
      colour == Colour::always || (colour == Colour::automatic && isatty(STDERR_FILENO) == 1);
  std::cerr << (coloured ? "\x1b[31merror:\x1b[0m " : "error: ") << line << std::endl;
}

/// The command's end. A cluster that is named and not there is not taken for another one.
Result<ExitCode> carry_out(const Command& command, Context& context) {
  const Settings& settings = context.settings();
  if (settings.names_cluster && command.scope == Scope::group) {
    const LocalCluster named(settings.directory);
    if (named.members().empty()) return named.no_cluster();
  }
  return command.run(context);
}

ExitCode run_command(const Command& command, Context& context) {
  const auto done = carry_out(command, context);
  errno = 0;
  std::cout.flush();
  if (done) {
    if (std::cout) return *done;
    const bool wrote = command.effect == Effect::writes || command.effect == Effect::writes_many;
    print_error(std::string(command.name) + ": " + unwritten(errno) + "." +
                    (wrote && *done == ExitCode::done ? " What was asked for is done." : ""),
                context.settings().colour);
    return ExitCode::failed;
  }
  print_error(error_line(subject_of(command, context.arguments()), with_help(done.error(), command),
                         command.effect),
              context.settings().colour);
  return exit_code_of(done.error().code);
}

/// The system cannot be told to give up on a name that it looks up, and a client that is destroyed
/// waits for that: 5 s and more where a name server is silent, whatever the deadline was.
[[noreturn]] void end_process(ExitCode code) {
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  std::_Exit(static_cast<int>(code));
}

}  // namespace

Context::Context(Arguments arguments, Settings settings)
    : arguments_(std::move(arguments)),
      settings_(std::move(settings)),
      printer_(std::cout, resolved(settings_.format)) {}

std::vector<std::string> Context::endpoints() const {
  if (!settings_.endpoints.empty()) return settings_.endpoints;
  std::vector<std::string> local;
  for (const LocalMember& member : local_members(settings_.directory))
    local.push_back(member.client_address);
  return local.empty() ? std::vector<std::string>{kUsualEndpoint} : local;
}

client::Options Context::client_options() const {
  client::Options options;
  options.endpoints = endpoints();
  options.deadline = settings_.timeout.value_or(kTimeout);
  return options;
}

client::Client& Context::client() {
  if (client_ == nullptr) {
    client::Options options = client_options();
    options.ends_by = client::Clock::now() + time_left();
    client_ = std::make_unique<client::Client>(options);
  }
  return *client_;
}

client::Client& Context::transfer_client() {
  if (transfer_client_ == nullptr)
    transfer_client_ = std::make_unique<client::Client>(client_options());
  return *transfer_client_;
}

std::chrono::milliseconds Context::time_left() {
  const auto now = client::Clock::now();
  if (!ends_by_) ends_by_ = now + settings_.timeout.value_or(kTimeout);
  return std::chrono::ceil<std::chrono::milliseconds>(std::max(*ends_by_ - now, {}));
}

void Context::note(const std::string& text) const {
  if (!quiet()) std::cerr << text << std::endl;
}

Error partly_done(const Error& error, std::string_view extent) {
  const bool claims_nothing_was = exit_code_of(error.code) == ExitCode::unavailable;
  std::string detail = error.detail;
  if (error.code == ErrorCode::outcome_unknown) detail += ". The outcome is unknown of that";
  return {claims_nothing_was ? ErrorCode::outcome_unknown : error.code,
          std::move(detail) + std::string(kPartly) + std::string(extent)};
}

std::string error_line(std::string_view subject, const Error& error, Effect effect) {
  std::string line(subject);
  line += ": ";
  const std::size_t step = std::min(error.detail.find(kTry), error.detail.size());
  const std::string reason = error.detail.substr(0, step);
  line += reason.empty() ? std::string(to_string(error.code)) : reason;
  if (line.back() != '.') line += '.';
  if (reason.find(kPartly) == std::string::npos) line += extent_of(error, effect);
  if (step < error.detail.size()) return line + error.detail.substr(step);
  const std::string_view next = next_step(error, effect);
  // What has just been tried is no next step.
  return next.empty() || next.ends_with(subject) ? line
                                                 : line + std::string(kTry) + std::string(next);
}

ExitCode run(const std::vector<std::string>& line, Ending ending) {
  const std::vector<Command> commands = all_commands();
  Invocation invocation = parse_command_line(line, commands);
  if (invocation.command == nullptr) {
    (invocation.exit_code == ExitCode::done ? std::cout : std::cerr) << invocation.text;
    return invocation.exit_code;
  }
  auto settings = settings_of(invocation.arguments, environment);
  if (!settings) {
    print_error(settings.error().detail + ". Try: kvctl --help", Colour::automatic);
    return ExitCode::usage;
  }
  Context context(std::move(invocation.arguments), *std::move(settings));
  const ExitCode code = run_command(*invocation.command, context);
  if (ending == Ending::at_once) end_process(code);
  return code;
}

}  // namespace kvctl
