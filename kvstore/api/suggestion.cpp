#include "kvstore/api/suggestion.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kvstore::api {
namespace {

constexpr std::size_t kSlipsMax = 2;

/// What it takes to get from one text to another.
struct Distance {
  /// Letters added, taken away or exchanged.
  std::size_t slips = 0;
  /// Letters that are only missing at the end.
  std::size_t missing = 0;

  /// Four of these are one of those.
  [[nodiscard]] std::size_t weight() const { return 4 * slips + missing; }
};

Distance distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t exchanged = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, diagonal + 1, row[j] + 1});
    }
  }
  Distance best{row[0], to.size()};
  for (std::size_t j = 1; j < row.size(); ++j)
    best = std::min(best, Distance{row[j], to.size() - j},
                    [](const Distance& a, const Distance& b) { return a.weight() < b.weight(); });
  return best;
}

}  // namespace

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
  const std::string* meant = nullptr;
  Distance least;
  for (const std::string& candidate : known) {
    const Distance from_it = distance(name, candidate);
    if (from_it.slips > kSlipsMax || 2 * from_it.slips >= name.size()) continue;
    if (meant != nullptr && from_it.weight() >= least.weight()) continue;
    meant = &candidate;
    least = from_it;
  }
  return meant == nullptr ? "" : "; did you mean '" + *meant + "'?";
}

}  // namespace kvstore::api
