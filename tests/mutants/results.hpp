#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/mutants/record.hpp"

namespace tests::mutants {

/// What came of a mutant. Only `killed` is good; `unbuildable` is a defect of the record.
enum class Outcome { killed, survived, timed_out, unbuildable };

[[nodiscard]] std::string_view name_of(Outcome outcome);

/// One line of a file of results.
struct Verdict {
  std::string id;
  MutantClass kind = MutantClass::safety;
  Outcome outcome = Outcome::survived;
  std::chrono::milliseconds took{};
  /// Of the product, and of the record: whether the verdict still holds.
  std::string product;
  std::string record;
  /// The suite that was red, and what it said.
  std::string suite;
  std::string killer;
};

[[nodiscard]] std::string to_line(const Verdict& verdict);
[[nodiscard]] std::optional<Verdict> parse_line(std::string_view line);

/// The verdicts of a file, the last of each mutant; none when there is no such file.
[[nodiscard]] std::vector<Verdict> read_results(const std::filesystem::path& file);
void append_result(const std::filesystem::path& file, const Verdict& verdict);

/// How many of a class are listed, and what came of them.
struct Score {
  std::size_t listed = 0;
  std::size_t equivalent = 0;
  std::size_t killed = 0;
  std::size_t survived = 0;
  std::size_t defective = 0;

  Score& operator+=(const Score& other);
  /// Of those that were run and are not equivalent, how many percent were killed.
  [[nodiscard]] double percent() const;
};

[[nodiscard]] Score score_of(const std::vector<Mutant>& mutants,
                             const std::vector<Verdict>& verdicts, MutantClass kind);

/// Whether no mutant of safety is left alive, and enough of all are killed.
[[nodiscard]] bool is_enough(const std::vector<Mutant>& mutants,
                             const std::vector<Verdict>& verdicts);

}  // namespace tests::mutants
