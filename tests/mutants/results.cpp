#include "tests/mutants/results.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

namespace tests::mutants {
namespace {

/// The least percentage of mutants that the suites have to kill.
constexpr double kScorePercentMin = 95.0;
constexpr std::size_t kFields = 8;
constexpr std::array<Outcome, 4> kOutcomes = {Outcome::killed, Outcome::survived,
                                              Outcome::timed_out, Outcome::unbuildable};
constexpr std::array<MutantClass, 3> kClasses = {MutantClass::safety, MutantClass::liveness,
                                                 MutantClass::checker};

/// A field has neither tabs nor line ends.
std::string as_field(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return text;
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find('\t', begin), line.size());
    fields.emplace_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return fields;
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::killed: return "killed";
    case Outcome::survived: return "survived";
    case Outcome::timed_out: return "timed_out";
    case Outcome::unbuildable: return "unbuildable";
  }
  return "?";
}

std::string to_line(const Verdict& verdict) {
  std::string line = verdict.id + '\t' + letter_of(verdict.kind) + '\t';
  line += std::string(name_of(verdict.outcome)) + '\t' + std::to_string(verdict.took.count());
  for (const std::string* field :
       {&verdict.product, &verdict.record, &verdict.suite, &verdict.killer})
    line += '\t' + as_field(*field);
  return line;
}

std::optional<Verdict> parse_line(std::string_view line) {
  const std::vector<std::string> fields = fields_of(line);
  if (fields.size() != kFields) return std::nullopt;
  const auto outcome =
      std::ranges::find_if(kOutcomes, [&](Outcome one) { return name_of(one) == fields[2]; });
  const auto kind = std::ranges::find_if(
      kClasses, [&](MutantClass one) { return std::string(1, letter_of(one)) == fields[1]; });
  if (outcome == kOutcomes.end() || kind == kClasses.end()) return std::nullopt;
  long milliseconds = 0;
  const char* const end = fields[3].data() + fields[3].size();
  if (std::from_chars(fields[3].data(), end, milliseconds).ptr != end) return std::nullopt;
  return Verdict{fields[0], *kind,     *outcome,  std::chrono::milliseconds(milliseconds),
                 fields[4], fields[5], fields[6], fields[7]};
}

std::vector<Verdict> read_results(const std::filesystem::path& file) {
  std::vector<Verdict> verdicts;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    auto verdict = parse_line(line);
    if (!verdict) continue;
    std::erase_if(verdicts, [&](const Verdict& earlier) { return earlier.id == verdict->id; });
    verdicts.push_back(*std::move(verdict));
  }
  return verdicts;
}

void append_result(const std::filesystem::path& file, const Verdict& verdict) {
  std::ofstream(file, std::ios::app) << to_line(verdict) << '\n';
}

Score& Score::operator+=(const Score& other) {
  listed += other.listed;
  equivalent += other.equivalent;
  killed += other.killed;
  survived += other.survived;
  defective += other.defective;
  return *this;
}

double Score::percent() const {
  const std::size_t run = killed + survived + defective;
  return run == 0 ? 100.0 : 100.0 * static_cast<double>(killed) / static_cast<double>(run);
}

Score score_of(const std::vector<Mutant>& mutants, const std::vector<Verdict>& verdicts,
               MutantClass kind) {
  Score score;
  for (const Mutant& mutant : mutants) {
    if (mutant.kind != kind) continue;
    ++score.listed;
    if (mutant.equivalent) {
      ++score.equivalent;
      continue;
    }
    const auto verdict = std::ranges::find(verdicts, mutant.id, &Verdict::id);
    if (verdict == verdicts.end()) continue;
    if (verdict->outcome == Outcome::killed) {
      ++score.killed;
    } else if (verdict->outcome == Outcome::unbuildable) {
      ++score.defective;
    } else {
      ++score.survived;
    }
  }
  return score;
}

bool is_enough(const std::vector<Mutant>& mutants, const std::vector<Verdict>& verdicts) {
  const Score safety = score_of(mutants, verdicts, MutantClass::safety);
  Score all = safety;
  all += score_of(mutants, verdicts, MutantClass::liveness);
  all += score_of(mutants, verdicts, MutantClass::checker);
  return safety.survived == 0 && all.defective == 0 && all.percent() >= kScorePercentMin;
}

}  // namespace tests::mutants
