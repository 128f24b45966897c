#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tests/exploration/rules.hpp"
#include "tests/exploration/state.hpp"

namespace tests::exploration {

/// What is searched, and what has to come of it. Thread rule: any; the tables are constant.

/// The rules with one breach, or none, under the name that the command line gives it.
struct Variant {
  std::string_view name;
  Breach breach = Breach::none;
  /// What is broken, in words.
  std::string_view description;
  /// Just large enough to show it.
  Bounds bounds;
  /// The length of the shortest counterexample within the bounds; 0 if there is none.
  std::size_t steps = 0;
};

/// The rules as they are, called `spec`, come first.
[[nodiscard]] std::span<const Variant> variants();
[[nodiscard]] const Variant* find_variant(std::string_view name);

/// A search that must find nothing.
struct CleanSearch {
  std::string_view variant;
  Bounds bounds;
};

/// Those that tests run, and those that take minutes and gigabytes.
[[nodiscard]] std::span<const CleanSearch> small_searches();
[[nodiscard]] std::span<const CleanSearch> large_searches();

/// Such as `members=4,founders=3,epochs=3,log=4,floor=1`.
[[nodiscard]] std::string to_text(const Bounds& bounds);
/// Reads some of these, in any order; without `founders`, all members are founders. Nothing if it
/// is not of this form, or larger than a State or a PackedState holds.
[[nodiscard]] std::optional<Bounds> parse_bounds(std::string_view text);

}  // namespace tests::exploration
