#include "kvstore/api/duration_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kvstore::api {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}}};
/// All below it are exact.
constexpr double kMillisecondsMax = 1e15;

}  // namespace

std::optional<milliseconds> duration_of(std::string_view text) {
  if (text == "0") return milliseconds(0);
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  const std::string_view name(end, static_cast<std::size_t>(last - end));
  const auto* const unit =
      std::ranges::find(kUnits, name, &std::pair<std::string_view, double>::first);
  if (unit == kUnits.end() || number * unit->second > kMillisecondsMax) return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(number * unit->second));
}

}  // namespace kvstore::api
