#pragma once

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "client/client.hpp"
#include "client/kvctl/arguments.hpp"
#include "client/kvctl/command.hpp"
#include "client/kvctl/output.hpp"
#include "client/kvctl/settings.hpp"

namespace kvctl {

/// What a command works with. Lives as long as the command runs; one thread.
class Context {
 public:
  Context(Arguments arguments, Settings settings);

  [[nodiscard]] const Arguments& arguments() const { return arguments_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Printer& printer() { return printer_; }
  [[nodiscard]] bool quiet() const { return settings_.verbosity == Verbosity::quiet; }
  [[nodiscard]] bool verbose() const { return settings_.verbosity == Verbosity::verbose; }

  /// Addresses to begin with: those that were set, else the local cluster's, else the usual one.
  [[nodiscard]] std::vector<std::string> endpoints() const;
  /// For calls of which each may take as long as the command line says.
  [[nodiscard]] client::Options client_options() const;
  /// One client, made when it is first asked for. All its calls together may take as long as the
  /// command line says, counted from then.
  [[nodiscard]] client::Client& client();
  /// Another one, each call of which may take so long: for what has as much to do as there is data.
  [[nodiscard]] client::Client& transfer_client();
  /// What client() has left of its time, which begins now at the latest.
  [[nodiscard]] std::chrono::milliseconds time_left();

  /// A remark to people, unless they want it quiet.
  void note(const std::string& text) const;

 private:
  Arguments arguments_;
  Settings settings_;
  Printer printer_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<client::Client> transfer_client_;
  /// When client() ends; nothing before it was asked for.
  std::optional<client::Clock::time_point> ends_by_;
};

/// The line that says what failed, why, whether it was applied, and what to type next. `subject` is
/// what was tried, such as `put /a`. A ` Try: …` at the end of the error's detail stands in place
/// of the usual step.
[[nodiscard]] std::string error_line(std::string_view subject, const client::Error& error,
                                     Effect effect);

/// The error of a command that failed when a part of its work was done: `extent` says how much. It
/// is not one that says that nothing was applied.
[[nodiscard]] client::Error partly_done(const client::Error& error, std::string_view extent);

/// What follows when a command is done: all that it opened is closed, or the process ends, once all
/// output has left.
enum class Ending : std::uint8_t { orderly, at_once };

/// Runs one command line; the program's whole work.
[[nodiscard]] ExitCode run(const std::vector<std::string>& line, Ending ending = Ending::orderly);

}  // namespace kvctl
