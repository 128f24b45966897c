#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests::mutants {

/// What a mutant breaks: safety, liveness, or the checkers and the harness themselves.
enum class MutantClass { safety, liveness, checker };

/// S, L or X, as the lists have them.
[[nodiscard]] char letter_of(MutantClass which);

/// Whole lines of one file, and what stands in their place in the mutant.
struct Edit {
  std::string file;
  std::string was;
  std::string becomes;
};

/// One way to break the product, and the suites that have to notice.
struct Mutant {
  std::string id;
  MutantClass kind = MutantClass::safety;
  /// One sentence: what is broken.
  std::string breaks;
  std::vector<Edit> edits;
  /// Tried in this order, until one is red.
  std::vector<std::string> suites;
  /// For each suite.
  std::chrono::seconds budget{120};
  /// Whether a suite that does not end in time has noticed.
  bool timeout_kills = false;
  /// Why no test can notice; such a mutant is not counted.
  std::optional<std::string> equivalent;
};

/// What a list holds, or what is wrong with it, with the line.
struct Parsed {
  std::vector<Mutant> mutants;
  std::vector<std::string> errors;
};

/// Reads the text of a list. Its format is told in tests/mutants/README.md. `name` stands before
/// each error.
[[nodiscard]] Parsed parse_list(std::string_view name, std::string_view text);

/// Names the same mutant as long as nothing of it changes.
[[nodiscard]] std::string fingerprint_of(const Mutant& mutant);

}  // namespace tests::mutants
