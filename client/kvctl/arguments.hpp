#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/types.hpp"

namespace kvctl {

/// The options and operands of one call, by name, as text that was checked against their kinds.
class Arguments {
 public:
  void add(const std::string& name, std::string value) {
    values_[name].push_back(std::move(value));
  }

  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  /// Nothing when it was not given and has no default.
  [[nodiscard]] std::optional<std::string> find(const std::string& name) const;
  [[nodiscard]] std::string text(const std::string& name) const { return find(name).value_or(""); }
  /// Of an operand that takes several.
  [[nodiscard]] std::vector<std::string> list(const std::string& name) const;
  /// Precondition: an option of kind number with a default, or has(name).
  [[nodiscard]] std::uint64_t number(const std::string& name) const;
  /// The same of a duration.
  [[nodiscard]] std::chrono::milliseconds duration(const std::string& name) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

/// Errors of both: invalid_argument, naming the text.
[[nodiscard]] client::Result<std::uint64_t> parse_number(std::string_view text);
/// `250ms`, `5s`, `2m`, `1h`; a number alone is seconds.
[[nodiscard]] client::Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace kvctl
