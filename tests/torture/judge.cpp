#include "tests/torture/judge.hpp"

#include "tests/linearizability/checker.hpp"
#include "tests/linearizability/list_checker.hpp"
#include "tests/linearizability/witness.hpp"

namespace tests::torture {
namespace {

using linearizability::CheckResult;
using linearizability::Verdict;

std::string word_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::linearizable: return "ok";
    case Verdict::violated: return "violated";
    case Verdict::inconclusive: return "inconclusive";
  }
  return "violated";
}

/// Takes a checker's result over to its field.
void take(const CheckResult& result, std::string_view checker, std::string& verdict,
          std::string& detail) {
  verdict = word_for(result.verdict);
  if (result.verdict == Verdict::linearizable) return;
  detail += std::string(checker) + ", key " + std::to_string(result.key.value()) + ": " + verdict +
            "\n" + result.detail + "\n";
}

}  // namespace

Judgement judge(const linearizability::Recording& recording) {
  Judgement out;
  linearizability::History all = recording.registers;
  const linearizability::History lists = as_registers(recording.lists);
  all.insert(all.end(), lists.begin(), lists.end());
  if (const auto wrong = check_real_time_order(all)) {
    out.witness = "violated";
    out.detail += "witness: " + *wrong + "\n";
  }
  take(check_linearizability(all), "search", out.search, out.detail);
  take(check_lists(recording.lists), "lists", out.lists, out.detail);
  return out;
}

}  // namespace tests::torture
