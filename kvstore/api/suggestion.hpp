#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kvstore::api {

/// The end of a sentence about a name that is none of `known`: asks whether the one that is the
/// most like it, or begins the most like it, was meant. Empty where none is within two letters, and
/// fewer than half of those of the name.
[[nodiscard]] std::string suggestion(std::string_view name, const std::vector<std::string>& known);

}  // namespace kvstore::api
