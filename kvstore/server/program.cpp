#include "kvstore/server/program.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "kvstore/server/command_line.hpp"
#include "kvstore/server/data_directory.hpp"
#include "kvstore/server/kvd.hpp"
#include "kvstore/server/process.hpp"
#include "kvstore/server/recovery.hpp"
#include "kvstore/server/restoring.hpp"

namespace kvstore::server {
namespace {

void say_ready(const Kvd::Ready& ready) {
  std::cout << "ready name=" << ready.name << " member=" << to_string(ready.member)
            << " group=" << to_string(ready.group) << " client=" << ready.client_address
            << " peer=" << ready.peer_address << std::endl;
}

/// No more clients than the process can have connections for.
void fit_clients(Settings& settings, const LineLog& log) {
  const std::size_t files = allow_all_files();
  const std::size_t wanted = settings.limits.connections_max;
  settings.limits.connections_max = clients_within(files, wanted);
  if (settings.limits.connections_max < wanted)
    log.write(LogLevel::warning, "serves " + std::to_string(settings.limits.connections_max) +
                                     " clients at a time, not " + std::to_string(wanted) +
                                     " (limits-connections-max): this process may open " +
                                     std::to_string(files) + " files (ulimit -Hn)");
}

Failure run(Settings settings, gms::net::EventSink* witness) {
  const LineLog log(settings.log_level);
  fit_clients(settings, log);
  auto started = Kvd::start(settings, log, say_ready, witness);
  if (auto* failure = std::get_if<Failure>(&started)) return *failure;
  const auto kvd = std::get<std::unique_ptr<Kvd>>(std::move(started));
  const Failure end = kvd->run();
  if (end.code == ExitCode::done) return end;
  std::cerr << "error: " << end.what << std::endl;
  // Nothing is written out any more: it is not known what of it can be trusted.
  std::_Exit(static_cast<int>(end.code));
}

Failure with_settings(const Command& command, gms::net::EventSink* witness) {
  const auto gathered = gather_settings(command, process_environment());
  if (const auto* failure = std::get_if<Failure>(&gathered)) return *failure;
  const Settings& settings = std::get<Settings>(gathered);
  if (auto failure = check_settings(settings)) return *failure;
  if (command.name == CommandName::restore)
    return restore_directory(settings, command.snapshot, std::cout)
        .value_or(Failure{ExitCode::done, {}});
  const bool is_made = look_at(settings.data) == DirectoryState::member;
  if (command.name == CommandName::init ||
      (command.initialise_first == InitialiseFirst::yes && !is_made))
    if (auto failure = initialise_directory(settings)) return *failure;
  if (command.name == CommandName::init) return {ExitCode::done, {}};
  if (auto failure = check_name(settings)) return *failure;
  return run(settings, witness);
}

/// Nobody is asked who could not answer.
bool asks_to_go_on() {
  if (isatty(STDIN_FILENO) == 0) return false;
  std::cout << "Go on? Type yes: " << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

std::optional<Failure> recover(const Command& command) {
  const bool agreed = command.agreement == Agreement::given;
  return recover_group(
      command.directories, [agreed] { return agreed || asks_to_go_on(); }, std::cout);
}

Failure run_named(const Command& command, gms::net::EventSink* witness) {
  const Failure done{ExitCode::done, {}};
  switch (command.name) {
    case CommandName::inspect:
      return inspect_directory(command.directory, std::cout).value_or(done);
    case CommandName::verify: return verify_directory(command.directory, std::cout).value_or(done);
    case CommandName::recover: return recover(command).value_or(done);
    case CommandName::init:
    case CommandName::restore:
    case CommandName::run: break;
  }
  return with_settings(command, witness);
}

int end_with(const Failure& end) {
  if (end.code != ExitCode::done) std::cerr << "error: " << end.what << std::endl;
  return static_cast<int>(end.code);
}

}  // namespace

int run_program(std::span<const char* const> arguments, gms::net::EventSink* witness) {
  const auto parsed = parse_command_line(arguments);
  if (const auto* failure = std::get_if<Failure>(&parsed)) return end_with(*failure);
  if (const auto* help = std::get_if<Help>(&parsed)) {
    std::cout << help->text;
    return EXIT_SUCCESS;
  }
  return end_with(run_named(std::get<Command>(parsed), witness));
}

}  // namespace kvstore::server
