#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/mutants/record.hpp"
#include "tests/mutants/results.hpp"
#include "tests/mutants/scratch.hpp"

namespace tests::mutants {

/// `count` of the mutants, drawn by `seed`, in the order they had.
[[nodiscard]] std::vector<Mutant> sample_of(std::vector<Mutant> mutants, std::size_t count,
                                            std::uint64_t seed);

/// Safety first, then file by file: one that is built again right after is cheap.
void put_in_order(std::vector<Mutant>& mutants);

/// What a suite may take on a machine of `cores` that is shared by so many processes that want to
/// run: it gets a part of the time only, and to be late proves nothing.
[[nodiscard]] std::chrono::seconds stretched(std::chrono::seconds budget, double load,
                                             unsigned cores);

/// Runs mutants in a scratch copy that is locked and prepared. One thread.
class Runner {
 public:
  explicit Runner(Scratch& scratch);

  [[nodiscard]] const std::string& product() const { return product_; }

  /// Builds and runs, on the sources as they are, the suite that each of these mutants is judged by
  /// first, unless it was green on them before. What is red there, or runs no test, would kill
  /// whatever it is given: it is returned, with why; nothing if all are fit to judge.
  [[nodiscard]] std::vector<std::string> unfit_suites(const std::vector<Mutant>& mutants);

  /// Breaks the copy, asks the suites, and mends it again.
  [[nodiscard]] Verdict judge(const Mutant& mutant);

 private:
  [[nodiscard]] std::set<std::string> known_green() const;
  /// Why a suite cannot judge, asked of the sources as they are; nothing if it can.
  [[nodiscard]] std::optional<std::string> unfitness(const std::string& suite,
                                                     std::chrono::seconds budget);
  /// Asks one suite, which is fit to judge; true when the verdict is final.
  [[nodiscard]] bool decides(const Mutant& mutant, const std::string& suite,
                             Verdict& verdict) const;

  Scratch& scratch_;
  std::string product_;
  std::string product_and_tests_;
  std::set<std::string> green_;
};

}  // namespace tests::mutants
