#include "tests/torture/stopping/stop_order.hpp"

#include <charconv>

namespace tests::torture {
namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Cuts off and returns what is before the first `mark`, or all.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

bool read_kind(std::string_view word, StopOrder& order) {
  if (word == "kill") return true;
  order.kind = word == "stop" ? StopKind::stop : StopKind::delay;
  if (order.kind == StopKind::stop) return true;
  const auto ms = number_of(word);
  order.delay = std::chrono::milliseconds(ms.value_or(0));
  return ms.has_value();
}

}  // namespace

std::optional<StopOrder> parse_stop_order(std::string_view text) {
  StopOrder order;
  while (!text.empty()) {
    std::string_view words = take_until(text, '>');
    StopOrder::Step step{std::string(take_until(words, ':')), 1};
    if (step.point.empty()) return std::nullopt;
    std::string_view word = take_until(words, ':');
    if (const auto count = number_of(word); count && *count > 0) {
      step.count = *count;
      word = take_until(words, ':');
    }
    order.steps.push_back(step);
    // What is behind the last step's number is the kind.
    if (word.empty()) continue;
    if (!text.empty() || !words.empty() || !read_kind(word, order)) return std::nullopt;
  }
  if (order.steps.empty()) return std::nullopt;
  return order;
}

}  // namespace tests::torture
