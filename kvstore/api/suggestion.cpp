#include "kvstore/api/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kvstore::api {
namespace {

/// What it takes to get from one text to another: a letter added, taken away or exchanged counts
/// four, and one that is only missing at the end counts one.
std::size_t distance(std::string_view from, std::string_view to) {
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
  std::size_t best = 4 * row[0] + to.size();
  for (std::size_t j = 1; j < row.size(); ++j) best = std::min(best, 4 * row[j] + to.size() - j);
  return best;
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  return *std::ranges::min_element(
      known, {}, [&](const std::string& candidate) { return distance(name, candidate); });
}

}  // namespace kvstore::api
