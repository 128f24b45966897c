#include "kvstore/server/setting_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "kvstore/api/duration_text.hpp"

namespace kvstore::server {

using gms::model::Duration;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 4> kTimes{{{"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes{
    {{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};

Error wrong(std::string_view text, std::string_view wanted) {
  return {ErrorCode::invalid_argument, "'" + std::string(text) + "' is not " + std::string(wanted)};
}

/// A number and what follows it.
struct Quantity {
  std::uint64_t number = 0;
  std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
  Quantity out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.number);
  if (error != std::errc()) return std::nullopt;
  out.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return out;
}

std::optional<std::uint64_t> scale(const Quantity& quantity, std::span<const Unit> units) {
  const auto unit = std::ranges::find(units, quantity.unit, &Unit::name);
  if (unit == units.end()) return std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (quantity.number > kMax / unit->factor) return std::nullopt;
  return quantity.number * unit->factor;
}

std::string format(std::uint64_t value, std::span<const Unit> units) {
  const auto unit = std::ranges::find_if(
      units, [&](const Unit& candidate) { return value != 0 && value % candidate.factor == 0; });
  const Unit& used = unit == units.end() ? units.back() : *unit;
  return std::to_string(value / used.factor) + std::string(used.name);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto value = api::duration_of(text);
  if (!value) return wrong(text, "a duration such as 250ms, 5s, 10min or 2h");
  return Duration(value->count());
}

Result<std::size_t> parse_size(std::string_view text) {
  auto quantity = split(text);
  if (quantity && quantity->unit.empty()) quantity->unit = "B";
  const auto value = quantity ? scale(*quantity, kSizes) : std::nullopt;
  if (!value) return wrong(text, "a size such as 16KiB, 64MiB or 1GiB");
  return static_cast<std::size_t>(*value);
}

Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t max) {
  const auto quantity = split(text);
  if (!quantity || !quantity->unit.empty() || quantity->number > max)
    return wrong(text, "a number from 0 to " + std::to_string(max));
  return quantity->number;
}

std::string format_duration(Duration duration) {
  return format(static_cast<std::uint64_t>(duration.count()), kTimes);
}

std::string format_size(std::size_t bytes) {
  return format(bytes, kSizes);
}

}  // namespace kvstore::server
