#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvctl {

/// The name among `known` that somebody most likely meant who wrote `name`: one that begins with
/// it, or else one that is two slips away at most and fewer than half of its letters. A slip is a
/// letter too many, missing or wrong, or two that changed places.
[[nodiscard]] std::optional<std::string> similar(std::string_view name,
                                                 const std::vector<std::string>& known);

}  // namespace kvctl
