#include "client/kvctl/output.hpp"

#include <algorithm>
#include <system_error>

#include "client/kvctl/text.hpp"

namespace kvctl {
namespace {

namespace json = boost::json;

/// What a table's cell is cut to.
constexpr std::size_t kColumnsMax = 64;
constexpr std::uint64_t kExactMax = std::uint64_t{1} << 53;

/// Characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

void print_padded(std::ostream& out, const std::vector<std::string>& cells,
                  const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) line.append(widths[i] - width_of(cells[i]) + 2, ' ');
  }
  out << line << '\n';
}

}  // namespace

std::string unwritten(int number) {
  return "the output could not be written" +
         (number == 0 ? "" : ": " + std::generic_category().message(number));
}

std::string to_text(const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return "-";
  if (const auto* text = std::get_if<std::string>(&cell)) return escape(*text);
  if (const auto* number = std::get_if<std::uint64_t>(&cell)) return std::to_string(*number);
  return std::get<bool>(cell) ? "yes" : "no";
}

json::value to_json_number(std::uint64_t value) {
  if (value > kExactMax) return json::value(std::to_string(value));
  return json::value(value);
}

json::value to_json(const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return nullptr;
  if (const auto* text = std::get_if<std::string>(&cell)) return json::value(*text);
  if (const auto* number = std::get_if<std::uint64_t>(&cell)) return to_json_number(*number);
  return json::value(std::get<bool>(cell));
}

void set_bytes(json::object& object, const std::string& name, std::string_view bytes) {
  if (is_utf8(bytes))
    object[name] = bytes;
  else
    object[name + "_b64"] = to_base64(bytes);
}

json::object to_object(const Table& table, const std::vector<Cell>& row) {
  json::object object;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (const auto* bytes = std::get_if<std::string>(&row[i]))
      set_bytes(object, table.columns[i], *bytes);
    else
      object[table.columns[i]] = to_json(row[i]);
  }
  return object;
}

void Printer::print(const Table& table, std::string_view list) {
  if (format_ == Format::json) {
    json::array rows;
    for (const auto& row : table.rows) rows.push_back(to_object(table, row));
    return print(json::object{{list, std::move(rows)}});
  }
  if (format_ == Format::jsonl) {
    for (const auto& row : table.rows) print(to_object(table, row));
  } else if (format_ == Format::table) {
    print_aligned(table);
  } else {
    print_plain(table);
  }
}

void Printer::print_one(const Table& table) {
  const auto& row = table.rows.front();
  if (is_json()) return print(to_object(table, row));
  for (std::size_t i = 0; i < row.size(); ++i)
    out_ << table.columns[i] << (format_ == Format::plain ? '\t' : ' ') << to_text(row[i]) << '\n';
}

void Printer::print(const json::value& document) {
  out_ << json::serialize(document) << '\n';
}

void Printer::print_plain(const Table& table) {
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out_ << (i == 0 ? "" : "\t") << to_text(row[i]);
    out_ << '\n';
  }
}

void Printer::print_aligned(const Table& table) {
  std::vector<std::string> head;
  for (const std::string& column : table.columns) head.push_back(upper(column));
  std::vector<std::vector<std::string>> lines{head};
  for (const auto& row : table.rows) {
    lines.emplace_back();
    for (const Cell& cell : row) lines.back().push_back(shortened(to_text(cell), kColumnsMax));
  }
  std::vector<std::size_t> widths(head.size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], width_of(line[i]));
  for (const auto& line : lines) print_padded(out_, line, widths);
}

}  // namespace kvctl
