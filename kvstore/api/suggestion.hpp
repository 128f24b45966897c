#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kvstore::api {

/// The name among `known` that is the most like `name`, or begins the most like it: what somebody
/// who mistyped it meant. Precondition: some are known.
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string>& known);

}  // namespace kvstore::api
