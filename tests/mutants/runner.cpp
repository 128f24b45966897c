#include "tests/mutants/runner.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>
#include <tuple>

#include "tests/mutants/command.hpp"
#include "tests/mutants/free_ports.hpp"
#include "tests/mutants/suite.hpp"

namespace tests::mutants {
namespace {

/// A mutant that takes ever more memory ends before the machine does.
constexpr std::size_t kMemoryKibibytesMax = std::size_t{8} << 20;

/// A mutant that never ends is waited for no longer than this many budgets.
constexpr double kStretchMax = 10;

double load_of_this_machine() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

/// Runs a suite that is built.
Ending play(const Scratch& scratch, const Suite& suite, std::chrono::seconds budget) {
  Command command{suite.command, scratch.copy(), scratch.suite_output(),
                  stretched(budget, load_of_this_machine(), std::thread::hardware_concurrency()),
                  kMemoryKibibytesMax};
  command.words.front() = scratch.programs() / command.words.front();
  if (suite.whereabouts == Whereabouts::told)
    command.words.insert(command.words.end(), {"--dir", scratch.fresh_files(), "--base-port",
                                               std::to_string(free_base_port())});
  return run(command);
}

std::filesystem::path greens_of(const Scratch& scratch) {
  return scratch.folder() / "green";
}

}  // namespace

std::vector<Mutant> sample_of(std::vector<Mutant> mutants, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  // Not std::sample: what that draws is each library's own affair.
  while (mutants.size() > count)
    mutants.erase(mutants.begin() + static_cast<std::ptrdiff_t>(random() % mutants.size()));
  return mutants;
}

void put_in_order(std::vector<Mutant>& mutants) {
  std::ranges::stable_sort(mutants, [](const Mutant& a, const Mutant& b) {
    return std::tie(a.kind, a.edits.front().file) < std::tie(b.kind, b.edits.front().file);
  });
}

std::chrono::seconds stretched(std::chrono::seconds budget, double load, unsigned cores) {
  const double share = std::ceil(load / std::max(cores, 1U));
  return budget * static_cast<int>(std::clamp(share, 1.0, kStretchMax));
}

Runner::Runner(Scratch& scratch)
    : scratch_(scratch),
      product_(scratch.product()),
      product_and_tests_(scratch.product_and_tests()),
      green_(known_green()) {}

std::set<std::string> Runner::known_green() const {
  std::set<std::string> green;
  std::ifstream in(greens_of(scratch_));
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(product_and_tests_ + "\t"))
      green.insert(line.substr(product_and_tests_.size() + 1));
  return green;
}

std::optional<std::string> Runner::unfitness(const std::string& text, std::chrono::seconds budget) {
  if (green_.contains(text)) return std::nullopt;
  const auto suite = parse_suite(text);
  if (!suite) return "there is no such suite";
  if (!scratch_.build({suite->target}))
    return "the sources do not build as they are; see " + scratch_.build_output().string();
  const Ending ending = play(scratch_, *suite, budget);
  const std::string output = content_of(scratch_.suite_output());
  if (ending == Ending::timed_out) return "it takes longer than its budget";
  if (ran_nothing(output)) return "its filter fits no test";
  if (ending == Ending::bad) return "it is red on the sources as they are: " + killer_in(output);
  std::ofstream(greens_of(scratch_), std::ios::app) << product_and_tests_ << '\t' << text << '\n';
  green_.insert(text);
  return std::nullopt;
}

std::vector<std::string> Runner::unfit_suites(const std::vector<Mutant>& mutants) {
  std::set<std::string> targets;
  for (const Mutant& mutant : mutants)
    if (const auto suite = parse_suite(mutant.suites.front())) targets.insert(suite->target);
  // All at once is faster; which one does not build is told below.
  (void)scratch_.build({targets.begin(), targets.end()});
  std::set<std::string> looked_at;
  std::vector<std::string> unfit;
  for (const Mutant& mutant : mutants) {
    const std::string& suite = mutant.suites.front();
    if (!looked_at.insert(suite).second) continue;
    if (const auto why = unfitness(suite, mutant.budget)) unfit.push_back(suite + ": " + *why);
  }
  return unfit;
}

bool Runner::decides(const Mutant& mutant, const std::string& text, Verdict& verdict) const {
  const auto suite = parse_suite(text);
  verdict.suite = text;
  if (!suite || !scratch_.build({suite->target})) {
    verdict.outcome = Outcome::unbuildable;
    return true;
  }
  switch (play(scratch_, *suite, mutant.budget)) {
    case Ending::good: return false;
    case Ending::bad:
      verdict.outcome = Outcome::killed;
      verdict.killer = killer_in(content_of(scratch_.suite_output()));
      return true;
    case Ending::timed_out:
      verdict.outcome = mutant.timeout_kills ? Outcome::killed : Outcome::timed_out;
      verdict.killer = "it does not end in time";
      return mutant.timeout_kills;
  }
  return false;
}

Verdict Runner::judge(const Mutant& mutant) {
  const auto begin = std::chrono::steady_clock::now();
  Verdict verdict{mutant.id, mutant.kind, Outcome::survived, {}, product_, fingerprint_of(mutant),
                  {},        {}};
  for (const std::string& suite : mutant.suites) {
    if (const auto why = unfitness(suite, mutant.budget)) {
      verdict = {mutant.id, mutant.kind, Outcome::unbuildable, {}, product_, verdict.record,
                 suite,     *why};
      break;
    }
    scratch_.apply(mutant);
    const bool final = decides(mutant, suite, verdict);
    scratch_.restore(mutant);
    if (final) break;
  }
  verdict.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  return verdict;
}

}  // namespace tests::mutants
