#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gms/model/ids.hpp"
#include "gms/model/result.hpp"

namespace kvstore::server {

// How people write the values of settings. Error of all: invalid_argument, which says what would be
// right.

/// `250ms`, `5s`, `10min` or `10m`, `2h`; 0 needs no unit.
[[nodiscard]] gms::model::Result<gms::model::Duration> parse_duration(std::string_view text);
/// `64MiB`, `16KiB`, `1GiB`; bytes without a unit.
[[nodiscard]] gms::model::Result<std::size_t> parse_size(std::string_view text);
/// A decimal number of at most `max`.
[[nodiscard]] gms::model::Result<std::uint64_t> parse_count(std::string_view text,
                                                            std::uint64_t max);

/// The largest unit that tells the value exactly.
[[nodiscard]] std::string format_duration(gms::model::Duration duration);
[[nodiscard]] std::string format_size(std::size_t bytes);

}  // namespace kvstore::server
