#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests::mutants {

/// What has to be built for a suite, and how it is run.
struct Suite {
  std::string target;
  /// The program, by its name in `bin`, and its arguments. Runs in the sources' directory.
  std::vector<std::string> command;

  friend bool operator==(const Suite&, const Suite&) = default;
};

/// Understands what a record names; nothing when there is no such suite:
///   unit FOLDER [FILTER]     the unit tests of a folder, such as core
///   golden [SCRIPT…]         golden scripts by name, or all of them: every `*.txt`
///   directed [FILTER]        scripted simulations
///   seeds A..B [SECONDS]     seeded simulations
///   reach A..B               the same, and everything rare has to come up
///   twice A..B               each seed twice: both runs must be equal
///   exploration [FILTER]     the abstract model
///   linearizability [FILTER] the checkers of histories
///   cluster FILTER           real processes
/// Filters are GoogleTest's.
[[nodiscard]] std::optional<Suite> parse_suite(std::string_view text);

/// Whether a suite's own output says that its filter fits no test: it could not fail.
[[nodiscard]] bool ran_nothing(std::string_view output);

/// The line of a red suite's output that says best what noticed.
[[nodiscard]] std::string killer_in(std::string_view output);

}  // namespace tests::mutants
