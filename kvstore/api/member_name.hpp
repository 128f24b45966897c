#pragma once

#include <algorithm>
#include <string_view>

#include "gms/model/view.hpp"

namespace kvstore::api {

/// What a member's name has to be to stand in a line of output, a path and a command as it is.
inline constexpr std::string_view kMemberNameRule =
    "a name has letters, digits, '.', '-' and '_', and begins with a letter or a digit";

/// Whether the name of a new member is as the rule says, and has 1 to 64 bytes.
[[nodiscard]] constexpr bool is_member_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= gms::model::kMemberNameBytesMax &&
         is_plain(name.front()) && std::ranges::all_of(name, [&](char c) {
           return is_plain(c) || c == '.' || c == '-' || c == '_';
         });
}

}  // namespace kvstore::api
