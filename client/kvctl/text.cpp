#include "client/kvctl/text.hpp"

#include <array>
#include <ctime>

namespace kvctl {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned value_of(char byte) {
  return static_cast<unsigned char>(byte);
}

/// The bytes of the UTF-8 character at the front; zero when there is none.
std::size_t utf8_length(std::string_view bytes) {
  const unsigned first = value_of(bytes[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((value_of(bytes[i]) & 0xC0) != 0x80) return 0;
  // What is too long for its character, a surrogate, or past the last character.
  const unsigned second = value_of(bytes[1]);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return length;
}

void append_hex(char byte, std::string& out) {
  out += "\\x";
  out += kHexDigits[value_of(byte) >> 4];
  out += kHexDigits[value_of(byte) & 15];
}

void append_escaped(char byte, Escapes escapes, std::string& out) {
  switch (byte) {
    case '\t': out += "\\t"; return;
    case '\n': out += "\\n"; return;
    case '\\': out += "\\\\"; return;
    case '\r':
      if (escapes == Escapes::tsv) {
        out += "\\r";
        return;
      }
      [[fallthrough]];
    default: append_hex(byte, out);
  }
}

std::optional<unsigned> hex_value(char digit) {
  const std::size_t at =
      kHexDigits.find(digit >= 'A' && digit <= 'F' ? digit + ('a' - 'A') : digit);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

/// The byte that the escape at the front of `text` stands for; takes the escape off.
std::optional<char> take_escape(std::string_view& text) {
  if (text.size() < 2) return std::nullopt;
  const char kind = text[1];
  if (kind == 'x') {
    if (text.size() < 4) return std::nullopt;
    const auto high = hex_value(text[2]);
    const auto low = hex_value(text[3]);
    if (!high || !low) return std::nullopt;
    text.remove_prefix(4);
    return static_cast<char>(*high * 16 + *low);
  }
  constexpr std::string_view kKinds = "tnr\\";
  constexpr std::string_view kBytes = "\t\n\r\\";
  const std::size_t at = kKinds.find(kind);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(2);
  return kBytes[at];
}

}  // namespace

std::string escape(std::string_view bytes, Escapes escapes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 16);
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    const bool control = value_of(bytes[0]) < 0x20 || bytes[0] == 0x7F || bytes[0] == '\\';
    if (length == 0 || control)
      append_escaped(bytes[0], escapes, out);
    else
      out += bytes.substr(0, length);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('\\'), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = take_escape(text);
    if (!byte) return std::nullopt;
    out += *byte;
  }
  return out;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? value_of(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= count ? kBase64Digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
    unsigned group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t digit = k < 4 - padding ? kBase64Digits.find(text[i + k]) : 0;
      if (digit == std::string_view::npos) return std::nullopt;
      group = group << 6 | static_cast<unsigned>(digit);
    }
    for (std::size_t k = 0; k < 3 - padding; ++k)
      out += static_cast<char>(group >> (16 - 8 * k) & 0xFF);
  }
  return out;
}

std::string to_hex(std::uint64_t value) {
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4) out[i] = kHexDigits[value & 15];
  return out;
}

std::string time_text(std::uint64_t at_ms) {
  const auto seconds = static_cast<std::time_t>(at_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string fraction = std::to_string(1000 + at_ms % 1000).substr(1);
  return std::string(text, length) + "." + fraction + "Z";
}

std::string shortened(std::string_view text, std::size_t columns) {
  std::size_t width = 0;
  std::size_t cut = 0;
  for (std::size_t at = 0; at < text.size(); ++width) {
    if (width + 1 == columns) cut = at;
    at += std::max<std::size_t>(utf8_length(text.substr(at)), 1);
  }
  if (width <= columns) return std::string(text);
  return std::string(text.substr(0, cut)) + "…";
}

}  // namespace kvctl
