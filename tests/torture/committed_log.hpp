#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "gms/model/entry_run.hpp"

namespace tests::torture {

/// A member's log as it lies in its directory. The member does not run.
struct MemberLog {
  std::string name;
  /// The log begins after it.
  gms::model::Index base;
  std::vector<gms::model::EntryRun> runs;
};

/// Error: as inspection says.
[[nodiscard]] gms::model::Result<MemberLog> read_log(const std::string& name,
                                                     const std::filesystem::path& data);

/// Compares the hashes of all entries up to `commit` that two logs have; each hash stands for all
/// entries before it too. What differs, in words; empty if nothing does.
[[nodiscard]] std::string difference_between(const std::vector<MemberLog>& logs,
                                             gms::model::Index commit);

/// The committed entries, in their order. They live as long as what they were read from.
struct CommittedEntries {
  std::vector<gms::model::EntryView> entries;
  /// Why the last of them is not the last that is committed; empty if it is.
  std::string lost;
  /// Why the first of them is not the first of all; empty if it is.
  std::string missing;
};

/// All that is left of a group's logs. What of that is committed shows by the hashes, each of which
/// stands for all entries before it: from an entry that is known to be committed there is one way
/// back.
class LogRemains {
 public:
  explicit LogRemains(const std::vector<MemberLog>& logs);

  /// Adds the batches of a segment file whose checksums hold, of whatever log they were: that is,
  /// also what is trimmed away, and what a log does not go on with any more.
  void add_segment(const std::filesystem::path& file);

  /// The stream up to `commit`.
  [[nodiscard]] CommittedEntries up_to(gms::model::Index commit) const;

 private:
  /// Whether there is one among them that was not known.
  bool add(const gms::model::EntryRun& run);
  /// The entry before this one; null if it is not there.
  [[nodiscard]] const gms::model::EntryView* before(gms::model::EntryView entry) const;

  const std::vector<MemberLog>& logs_;
  std::vector<gms::model::EntryRun> runs_;
  /// By index. Different ones may have been there before one of them was committed.
  std::unordered_map<std::uint64_t, std::vector<gms::model::EntryView>> entries_;
};

}  // namespace tests::torture
