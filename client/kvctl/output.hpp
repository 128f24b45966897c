#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/kvctl/settings.hpp"

namespace kvctl {

/// A value of the output: none, a text or bytes, a number, a truth.
using Cell = std::variant<std::monostate, std::string, std::uint64_t, bool>;

/// Rows under named columns.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;
};

/// That the output could not be written, and why: `number` is the system's error, zero if unknown.
[[nodiscard]] std::string unwritten(int number);

/// The cell as people read it; `-` for none.
[[nodiscard]] std::string to_text(const Cell& cell);
/// None is null. Numbers above 2^53 are strings: most readers of JSON would round them.
[[nodiscard]] boost::json::value to_json(const Cell& cell);
[[nodiscard]] boost::json::value to_json_number(std::uint64_t value);
/// Sets `name`, or `name_b64` where the bytes are not UTF-8.
void set_bytes(boost::json::object& object, const std::string& name, std::string_view bytes);
/// The object of a row, bytes as set_bytes() puts them.
[[nodiscard]] boost::json::object to_object(const Table& table, const std::vector<Cell>& row);

/// Prints data in the format that was asked for. `automatic` and `raw` are not among its formats:
/// the first was resolved, the second is the command's own.
class Printer {
 public:
  Printer(std::ostream& out, Format format) : out_(out), format_(format) {}

  [[nodiscard]] Format format() const { return format_; }
  [[nodiscard]] bool is_json() const { return format_ == Format::json || format_ == Format::jsonl; }
  [[nodiscard]] std::ostream& stream() { return out_; }

  /// The rows: aligned, TAB-separated, or objects: a line each in jsonl, else a list named `list`.
  void print(const Table& table, std::string_view list);
  /// One thing: `name value` a line, or one object.
  void print_one(const Table& table);
  /// A document, in either JSON format.
  void print(const boost::json::value& document);

 private:
  void print_aligned(const Table& table);
  void print_plain(const Table& table);

  std::ostream& out_;
  Format format_;
};

}  // namespace kvctl
