#include "client/kvctl/arguments.hpp"

#include <charconv>

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;
using std::chrono::milliseconds;

constexpr double kDurationMsMax = 1e12;

}  // namespace

std::optional<std::string> Arguments::find(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::list(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::uint64_t Arguments::number(const std::string& name) const {
  return *parse_number(text(name));
}

milliseconds Arguments::duration(const std::string& name) const {
  return *parse_duration(text(name));
}

Result<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return Error{ErrorCode::invalid_argument, "'" + std::string(text) + "' is not a number"};
  return value;
}

Result<milliseconds> parse_duration(std::string_view text) {
  const Error malformed{
      ErrorCode::invalid_argument,
      "'" + std::string(text) + "' is not a duration, such as 250ms, 5s, 2m or 1h"};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || !(value >= 0)) return malformed;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s" || unit.empty()) factor = 1000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (factor == 0 || value * factor > kDurationMsMax) return malformed;
  return milliseconds(static_cast<milliseconds::rep>(value * factor));
}

}  // namespace kvctl
