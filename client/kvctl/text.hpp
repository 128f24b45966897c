#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvctl {

/// Which bytes of a line are written as escapes, besides those that are not UTF-8.
enum class Escapes : std::uint8_t {
  /// TAB, newline, `\`; other control bytes as `\xNN`: the `plain` output.
  plain,
  /// The same, with a short escape for the carriage return: `tsv`.
  tsv,
};

/// `bytes` on one line, without a TAB of its own.
[[nodiscard]] std::string escape(std::string_view bytes, Escapes escapes = Escapes::plain);
/// What escape() wrote, of either kind; nothing for a malformed escape.
[[nodiscard]] std::optional<std::string> unescape(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view bytes);

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing for text that is not base64 with its padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// The value in 16 hexadecimal digits.
[[nodiscard]] std::string to_hex(std::uint64_t value);

/// Milliseconds of wall clock since 1970 as `2026-01-31T12:00:00.000Z`.
[[nodiscard]] std::string time_text(std::uint64_t at_ms);

/// `text` as it stands, unless it is longer than `columns`: then cut, with an ellipsis.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns);

}  // namespace kvctl
