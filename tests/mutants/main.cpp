#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <string>

#include "tests/mutants/runner.hpp"
#include "tests/mutants/suite.hpp"

namespace {

using namespace tests::mutants;
namespace fs = std::filesystem;

/// Exit codes: everything as it should be, survivors, or a defect of the lists or of the machine.
constexpr int kSurvivors = 1;
constexpr int kDefect = 2;

/// What the command line asks for.
struct Request {
  std::string source = ".";
  std::string scratch = "build/mutants";
  std::string results;
  std::vector<std::string> only;
  std::size_t sample = std::numeric_limits<std::size_t>::max();
  std::uint64_t seed = 1;
  bool list = false;
  bool anchors = false;
};

int defects(const std::vector<std::string>& what) {
  for (const std::string& line : what) std::fprintf(stderr, "error: %s\n", line.c_str());
  return kDefect;
}

Parsed read_lists(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(folder))
    if (file.path().extension() == ".txt") files.push_back(file.path());
  std::ranges::sort(files);
  Parsed all;
  for (const fs::path& file : files) {
    Parsed parsed = parse_list(file.filename().string(), content_of(file));
    std::ranges::move(parsed.mutants, std::back_inserter(all.mutants));
    std::ranges::move(parsed.errors, std::back_inserter(all.errors));
  }
  std::vector<std::string> ids;
  for (const Mutant& mutant : all.mutants) ids.push_back(mutant.id);
  std::ranges::sort(ids);
  if (const auto twice = std::ranges::adjacent_find(ids); twice != ids.end())
    all.errors.push_back(*twice + " stands in two lists");
  if (all.mutants.empty()) all.errors.push_back(folder.string() + " has no mutants");
  return all;
}

std::vector<std::string> anchor_faults(const std::vector<Mutant>& mutants, const fs::path& root) {
  std::vector<std::string> faults;
  for (const Mutant& mutant : mutants) {
    if (const auto fault = anchor_fault(mutant, root)) faults.push_back(*fault);
    for (const std::string& suite : mutant.suites)
      if (!parse_suite(suite)) faults.push_back(mutant.id + ": there is no suite '" + suite + "'");
  }
  return faults;
}

void print(const Mutant& mutant) {
  std::printf("%-5s %c %-36s %s%s\n", mutant.id.c_str(), letter_of(mutant.kind),
              mutant.edits.front().file.c_str(), mutant.breaks.c_str(),
              mutant.equivalent ? " (equivalent)" : "");
}

void print(const Verdict& verdict) {
  const double seconds = static_cast<double>(verdict.took.count()) / 1000.0;
  std::printf("%-5s %c %-11s %6.1f s  %s%s%s\n", verdict.id.c_str(), letter_of(verdict.kind),
              std::string(name_of(verdict.outcome)).c_str(), seconds, verdict.suite.c_str(),
              verdict.killer.empty() ? "" : ": ", verdict.killer.c_str());
  std::fflush(stdout);
}

void print(const std::string& label, const Score& score) {
  std::printf("%-9s %7zu %11zu %7zu %9zu %10zu %8.1f %%\n", label.c_str(), score.listed,
              score.equivalent, score.killed, score.survived, score.defective, score.percent());
}

void print_table(const std::vector<Mutant>& mutants, const std::vector<Verdict>& verdicts) {
  std::printf("\nclass      listed  equivalent  killed  survived  defective     score\n");
  Score all;
  for (const MutantClass kind :
       {MutantClass::safety, MutantClass::liveness, MutantClass::checker}) {
    const Score score = score_of(mutants, verdicts, kind);
    print(std::string(1, letter_of(kind)), score);
    all += score;
  }
  print("all", all);
}

/// Those that were asked for; an id that nobody has is an error.
Parsed chosen(const Request& request, const std::vector<Mutant>& mutants) {
  Parsed picked;
  for (const Mutant& mutant : mutants)
    if (request.only.empty() || std::ranges::find(request.only, mutant.id) != request.only.end())
      picked.mutants.push_back(mutant);
  for (const std::string& id : request.only)
    if (std::ranges::find(mutants, id, &Mutant::id) == mutants.end())
      picked.errors.push_back("there is no mutant " + id);
  picked.mutants = sample_of(std::move(picked.mutants), request.sample, request.seed);
  put_in_order(picked.mutants);
  return picked;
}

/// Whether an earlier verdict still holds. One who survived is tried again: perhaps a test is new.
bool is_settled(const Mutant& mutant, const std::string& product,
                const std::vector<Verdict>& verdicts) {
  const auto verdict = std::ranges::find(verdicts, mutant.id, &Verdict::id);
  return verdict != verdicts.end() && verdict->outcome == Outcome::killed &&
         verdict->product == product && verdict->record == fingerprint_of(mutant);
}

int run_all(const Request& request, const std::vector<Mutant>& mutants) {
  Scratch scratch(request.source, request.scratch);
  if (!scratch.lock()) return defects({"another run uses " + request.scratch});
  if (!scratch.prepare())
    return defects({"the copy cannot be configured; see " + scratch.build_output().string()});
  Runner runner(scratch);
  std::vector<Verdict> verdicts = read_results(request.results);
  std::vector<Mutant> open;
  for (const Mutant& mutant : mutants) {
    const bool counts = !mutant.equivalent || !request.only.empty();
    if (counts && !is_settled(mutant, runner.product(), verdicts)) open.push_back(mutant);
  }
  if (!open.empty())
    if (const auto unfit = runner.unfit_suites(open); !unfit.empty()) return defects(unfit);
  for (const Mutant& mutant : open) {
    const Verdict verdict = runner.judge(mutant);
    print(verdict);
    if (!request.results.empty()) append_result(request.results, verdict);
    std::erase_if(verdicts, [&](const Verdict& earlier) { return earlier.id == verdict.id; });
    verdicts.push_back(verdict);
  }
  print_table(mutants, verdicts);
  return is_enough(mutants, verdicts) ? 0 : kSurvivors;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Breaks a copy of the product, one way at a time, and wants its tests to notice.");
  Request request;
  app.add_option("--only", request.only, "Run this one; may be repeated");
  app.add_option("--sample", request.sample, "Run so many, drawn by --seed");
  app.add_option("--seed", request.seed, "Which of them are drawn")->capture_default_str();
  app.add_option("--results", request.results,
                 "Append a line for each, and skip those that it has as killed");
  app.add_option("--source", request.source, "The root of the sources")->capture_default_str();
  app.add_option("--scratch", request.scratch, "Where the copy is kept")->capture_default_str();
  app.add_flag("--list", request.list, "Print them, one a line");
  app.add_flag("--anchors", request.anchors, "Only check that each fits the sources");
  CLI11_PARSE(app, argc, argv);

  const Parsed lists = read_lists(fs::path(request.source) / "tests/mutants/lists");
  if (!lists.errors.empty()) return defects(lists.errors);
  const Parsed picked = chosen(request, lists.mutants);
  if (!picked.errors.empty()) return defects(picked.errors);
  if (request.list) {
    for (const Mutant& mutant : picked.mutants) print(mutant);
    return 0;
  }
  const std::vector<std::string> faults = anchor_faults(picked.mutants, request.source);
  if (!faults.empty()) return defects(faults);
  if (request.anchors) {
    std::printf("%zu mutants fit the sources\n", picked.mutants.size());
    return 0;
  }
  return run_all(request, picked.mutants);
} catch (const std::exception& error) {
  return defects({error.what()});
}
