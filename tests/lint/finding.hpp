#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <vector>

namespace lint {

/// One broken rule of the house style, at a line counted from 1.
struct Finding {
  std::string path;
  std::size_t line = 1;
  /// The rule's short name, such as `width`.
  std::string rule;
  std::string detail;

  friend auto operator<=>(const Finding&, const Finding&) = default;
};

using Findings = std::vector<Finding>;

}  // namespace lint
