#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gms/model/ids.hpp"

namespace golden {

using Words = std::vector<std::string>;

/// A command's words. `"a b"` is one word, without the quotes.
[[nodiscard]] Words split(std::string_view line);
/// `20ms` or `3s`; zero for any other text.
[[nodiscard]] gms::model::Duration duration_of(const std::string& text);
/// Zero for a text that is no number.
[[nodiscard]] std::uint64_t number_of(const std::string& text);
/// The value of the word `name=value`, if it is among them.
[[nodiscard]] std::optional<std::string> option(const Words& words, std::string_view name);

}  // namespace golden
