#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tests::torture {

/// The variable of the environment that names a folder. kvd of `stopping` copies there the segments
/// that it is about to remove from its log, or to use again.
inline constexpr const char* kKeptSegmentsVariable = "GROUPKV_KEPT_SEGMENTS";

/// What members would have no more at the end of a run: segments of their logs, with which the
/// whole stream can be replayed however short logs are, and what those have said that are gone.
/// Thread rule: any thread, and processes of members.
class KeptFiles {
 public:
  /// Makes its folders in `directory`.
  explicit KeptFiles(const std::filesystem::path& directory);

  [[nodiscard]] const std::filesystem::path& segments_folder() const { return segments_; }
  /// Gives the segments of a member, whose data are about to be removed, second names. It may run.
  void keep_segments(const std::filesystem::path& member) const;
  /// The same of what it says.
  void keep_log(const std::filesystem::path& member) const;

  /// All that is kept.
  [[nodiscard]] std::vector<std::filesystem::path> segments() const;
  [[nodiscard]] std::vector<std::filesystem::path> logs() const;

 private:
  std::filesystem::path segments_;
  std::filesystem::path logs_;
};

/// The segments of a member; none if it has no data.
[[nodiscard]] std::vector<std::filesystem::path> segments_of(const std::filesystem::path& member);

}  // namespace tests::torture
