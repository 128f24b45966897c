#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace kvstore::api {

/// A duration as people write it: `250ms`, `1.5s`, `10m` or `10min`, `2h`; 0 needs no unit. Nothing
/// for anything else, and for more than 30,000 years.
[[nodiscard]] std::optional<std::chrono::milliseconds> duration_of(std::string_view text);

}  // namespace kvstore::api
