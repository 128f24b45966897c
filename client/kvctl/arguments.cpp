#include "client/kvctl/arguments.hpp"

#include <charconv>

#include "kvstore/api/duration_text.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;
using std::chrono::milliseconds;

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
  const auto duration = kvstore::api::duration_of(text);
  if (duration) return *duration;
  // Seconds need no unit here.
  const auto seconds = kvstore::api::duration_of(std::string(text) + "s");
  if (seconds) return *seconds;
  return Error{ErrorCode::invalid_argument,
               "'" + std::string(text) + "' is not a duration, such as 250ms, 5s, 2min or 1h"};
}

}  // namespace kvctl
