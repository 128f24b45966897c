#include "gms/log/segment_files.hpp"

#include <algorithm>
#include <charconv>

namespace gms::log {
namespace {

constexpr std::string_view kSegmentSuffix = ".seg";

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string to_string(const SegmentName& name) {
  return std::to_string(name.generation.value()) + "-" + std::to_string(name.seq.value()) +
         std::string(kSegmentSuffix);
}

std::optional<SegmentName> parse_segment_name(std::string_view name) {
  if (!name.ends_with(kSegmentSuffix)) return std::nullopt;
  const std::string_view numbers = name.substr(0, name.size() - kSegmentSuffix.size());
  const std::size_t dash = numbers.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto generation = parse_number(numbers.substr(0, dash));
  const auto seq = parse_number(numbers.substr(dash + 1));
  if (!generation || !seq) return std::nullopt;
  const SegmentName parsed{Generation(*generation), FileSeq(*seq)};
  if (to_string(parsed) != name) return std::nullopt;
  return parsed;
}

model::Result<SegmentListing> list_segments(FileSystem& files, const std::string& directory) {
  const auto names = files.list(directory);
  if (!names) return names.error();
  SegmentListing listing;
  for (const std::string& name : *names) {
    if (const auto segment = parse_segment_name(name)) listing.segments.push_back(*segment);
    if (name.ends_with(kUnfinishedSuffix)) listing.unfinished.push_back(name);
  }
  std::sort(listing.segments.begin(), listing.segments.end());
  return listing;
}

}  // namespace gms::log
