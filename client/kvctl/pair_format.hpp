#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/types.hpp"

namespace kvctl {

/// How pairs are written, one a line.
enum class PairFormat : std::uint8_t { jsonl, tsv };

/// Error: invalid_argument.
[[nodiscard]] client::Result<PairFormat> parse_pair_format(std::string_view name);

struct KeyAndValue {
  std::string key;
  std::string value;

  friend bool operator==(const KeyAndValue&, const KeyAndValue&) = default;
};

/// The pair's one canonical line, without its newline. Any bytes survive it.
[[nodiscard]] std::string format_pair(std::string_view key, std::string_view value,
                                      PairFormat format);
/// The pair on a line, canonical or not. Error: invalid_argument, saying what is wrong.
[[nodiscard]] client::Result<KeyAndValue> parse_pair(std::string_view line, PairFormat format);

/// `text`, which is UTF-8, as a JSON string: only `"`, `\` and bytes below 0x20 are escaped.
void append_json_string(std::string_view text, std::string& out);

}  // namespace kvctl
