#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests::mutants {

/// Whether a suite's program knows itself where its files are and where its members listen, or has
/// to be told, by `--dir` and `--base-port`.
enum class Whereabouts : std::uint8_t { its_own, told };

/// What has to be built for a suite, and how it is run.
struct Suite {
  std::string target;
  /// The program, by its name in `bin`, and its arguments. Runs in the sources' directory.
  std::vector<std::string> command;
  Whereabouts whereabouts = Whereabouts::its_own;

  friend bool operator==(const Suite&, const Suite&) = default;
};

/// Understands what a record names; nothing when there is no such suite:
///   unit FOLDER [FILTER]     the unit tests of a folder, such as core, or those of torture's parts
///   golden [SCRIPT…]         golden scripts by name, or all of them: every `*.txt`
///   directed [FILTER]        scripted simulations
///   seeds A..B [SECONDS]     seeded simulations
///   reach A..B               the same, and everything rare has to come up
///   twice A..B               each seed twice: both runs must be equal
///   exploration [FILTER]     the abstract model
///   linearizability [FILTER] the checkers of histories
///   cluster FILTER           real processes
///   torture SCENARIO SEED SECONDS [REPLICAS]
///                            a scenario, played for so long on a group of so many, else three
/// Filters are GoogleTest's.
[[nodiscard]] std::optional<Suite> parse_suite(std::string_view text);

/// Whether a suite's own output says that its filter fits no test: it could not fail.
[[nodiscard]] bool ran_nothing(std::string_view output);

/// The line of a red suite's output that says best what noticed.
[[nodiscard]] std::string killer_in(std::string_view output);

}  // namespace tests::mutants
