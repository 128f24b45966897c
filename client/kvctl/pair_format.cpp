#include "client/kvctl/pair_format.hpp"

#include <boost/json.hpp>

#include "client/kvctl/text.hpp"

namespace kvctl {
namespace {

namespace json = boost::json;
using client::Error;
using client::ErrorCode;
using client::Result;

Error malformed(std::string what) {
  return {ErrorCode::invalid_argument, std::move(what)};
}

void append_member(std::string_view name, std::string_view bytes, std::string& out) {
  out += '"';
  out += name;
  if (is_utf8(bytes)) {
    out += "\":";
    append_json_string(bytes, out);
    return;
  }
  out += "_b64\":\"";
  out += to_base64(bytes);
  out += '"';
}

/// The bytes of the member `name` or `name_b64`.
Result<std::string> member(const json::object& object, const std::string& name) {
  const auto* text = object.if_contains(name);
  const auto* encoded = object.if_contains(name + "_b64");
  if ((text == nullptr) == (encoded == nullptr))
    return malformed("needs either \"" + name + "\" or \"" + name + "_b64\"");
  const json::value& found = text != nullptr ? *text : *encoded;
  if (!found.is_string()) return malformed("\"" + name + "\" is not a string");
  const std::string_view content(found.get_string());
  if (text != nullptr) return std::string(content);
  auto bytes = from_base64(content);
  if (!bytes) return malformed("\"" + name + "_b64\" is not base64");
  return *std::move(bytes);
}

Result<KeyAndValue> parse_json(std::string_view line) {
  boost::system::error_code error;
  const json::value document = json::parse(line, error);
  if (error) return malformed("not JSON: " + error.message());
  if (!document.is_object()) return malformed("not a JSON object");
  auto key = member(document.get_object(), "key");
  if (!key) return key.error();
  auto value = member(document.get_object(), "value");
  if (!value) return value.error();
  return KeyAndValue{*std::move(key), *std::move(value)};
}

Result<KeyAndValue> parse_tsv(std::string_view line) {
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos || line.find('\t', tab + 1) != std::string_view::npos)
    return malformed("not a key, a TAB and a value");
  auto key = unescape(line.substr(0, tab));
  auto value = unescape(line.substr(tab + 1));
  if (!key || !value) return malformed("a malformed escape");
  return KeyAndValue{*std::move(key), *std::move(value)};
}

}  // namespace

Result<PairFormat> parse_pair_format(std::string_view name) {
  if (name == "jsonl") return PairFormat::jsonl;
  if (name == "tsv") return PairFormat::tsv;
  return malformed("--format is jsonl or tsv, not '" + std::string(name) + "'");
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  out += '"';
  for (const char c : text) {
    if (const std::size_t at = kEscaped.find(c); at != std::string_view::npos) {
      out += '\\';
      out += kLetters[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u" + to_hex(static_cast<unsigned char>(c)).substr(12);
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string format_pair(std::string_view key, std::string_view value, PairFormat format) {
  if (format == PairFormat::tsv)
    return escape(key, Escapes::tsv) + '\t' + escape(value, Escapes::tsv);
  std::string line;
  line.reserve(key.size() + value.size() + 32);
  line += '{';
  append_member("key", key, line);
  line += ',';
  append_member("value", value, line);
  line += '}';
  return line;
}

Result<KeyAndValue> parse_pair(std::string_view line, PairFormat format) {
  return format == PairFormat::tsv ? parse_tsv(line) : parse_json(line);
}

}  // namespace kvctl
