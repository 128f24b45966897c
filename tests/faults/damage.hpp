#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace tests::faults {

/// What is to become of a member that is started on a damaged directory.
enum class Verdict {
  /// It starts, as the same member, and catches up.
  starts,
  /// It does not start, or ends as soon as the leader has told it: exit code 3, and the line says
  /// to keep the directory and to make a new member.
  refuses,
  /// It starts as a new incarnation, in an empty directory.
  rejoins,
  /// It starts, as the same member, and gets another state when the damage is met.
  mends,
};

/// One way to damage a data directory whose member does not run.
struct Damage {
  std::string_view name;
  Verdict verdict = Verdict::refuses;
  /// `data` is the directory, `old` a copy of it from before the latest writes.
  void (*apply)(const std::filesystem::path& data, const std::filesystem::path& old) = nullptr;
};

/// All of them, in the order of the table in docs/operations.md.
[[nodiscard]] const std::vector<Damage>& damages();

/// The log's segments that have entries or had, oldest first.
[[nodiscard]] std::vector<std::filesystem::path> segments_of(const std::filesystem::path& data);

}  // namespace tests::faults
