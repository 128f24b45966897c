#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "tests/exploration/model.hpp"
#include "tests/exploration/search.hpp"

namespace tests::exploration {

/// Takes up to `steps_max` actions at random, and stops at the first violation. Each walk draws how
/// much it likes each kind of action, so that some walks are full of elections and others of views.
/// It is a function of `seed`; it needs no bounds that can be packed, and shows how rare a
/// violation is rather than that there is none. Thread rule: any.
[[nodiscard]] std::optional<Counterexample> walk(const Model& model, std::uint64_t seed,
                                                 std::size_t steps_max);

}  // namespace tests::exploration
