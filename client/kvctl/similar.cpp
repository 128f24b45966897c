#include "client/kvctl/similar.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kvctl {
namespace {

constexpr std::size_t kSlipsMax = 2;
constexpr std::size_t kBeginningMin = 2;

/// How many slips make one text of the other.
std::size_t slips_between(std::string_view from, std::string_view to) {
  std::vector<std::size_t> above_last;
  std::vector<std::size_t> last(to.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::vector<std::size_t> row{i};
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t exchanged = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row.push_back(std::min({exchanged, last[j] + 1, row[j - 1] + 1}));
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], above_last[j - 2] + 1);
    }
    above_last = std::exchange(last, std::move(row));
  }
  return last.back();
}

}  // namespace

std::optional<std::string> similar(std::string_view name, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  std::size_t least = kSlipsMax + 1;
  for (const std::string& candidate : known) {
    const bool is_begun = name.size() >= kBeginningMin && candidate.starts_with(name);
    const std::size_t slips = is_begun ? 0 : slips_between(name, candidate);
    if (slips >= least || 2 * slips >= name.size()) continue;
    least = slips;
    best = candidate;
  }
  return best;
}

}  // namespace kvctl
