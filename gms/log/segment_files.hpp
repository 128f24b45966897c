#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "gms/log/file_system.hpp"
#include "gms/log/log_ids.hpp"

namespace gms::log {

/// The directory of segments in a data directory.
inline constexpr std::string_view kLogDirectory = "log";

/// The name of a segment: `<generation>-<file seq>.seg`, in decimal.
struct SegmentName {
  Generation generation;
  FileSeq seq;

  friend auto operator<=>(const SegmentName&, const SegmentName&) = default;
};

[[nodiscard]] std::string to_string(const SegmentName& name);
/// Nothing for a name that to_string() does not make.
[[nodiscard]] std::optional<SegmentName> parse_segment_name(std::string_view name);

/// What is in the directory of segments.
struct SegmentListing {
  /// Sorted by generation, then number.
  std::vector<SegmentName> segments;
  /// Copies that a recovery did not finish.
  std::vector<std::string> unfinished;
};

/// What the name of a copy ends in until it takes the place of the segment.
inline constexpr std::string_view kUnfinishedSuffix = ".new";

/// Other names are left out. Errors: not_found, io.
[[nodiscard]] model::Result<SegmentListing> list_segments(FileSystem& files,
                                                          const std::string& directory);

}  // namespace gms::log
