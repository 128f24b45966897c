#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/exploration/model.hpp"

namespace tests::exploration {

enum class Invariant : std::uint8_t {
  /// [I1]
  one_leader_an_epoch,
  /// [I4] What was committed in an epoch, the leaders of all later ones have in their logs.
  leader_completeness,
  /// [I5]
  one_entry_an_index,
};

[[nodiscard]] std::string_view name_of(Invariant invariant);

/// The invariant that `action`, which leads from `before` to `after`, breaks. Precondition: nothing
/// was broken before. Thread rule: any.
[[nodiscard]] std::optional<Invariant> broken_by(const State& before, const Action& action,
                                                 const State& after);

}  // namespace tests::exploration
