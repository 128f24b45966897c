#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gms/log/log_ids.hpp"

namespace gms::log {

/// Where a batch with entries stands.
struct BatchPlace {
  FileSeq segment;
  std::uint64_t offset = 0;
  /// On disk, padding included.
  std::uint64_t extent = 0;
  model::Index first;
  model::Index last;
};

/// Where to look for the entries first … last: in consecutive batches from this one on.
struct EntryPlace {
  model::Index first;
  model::Index last;
  FileSeq segment;
  std::uint64_t offset = 0;
};

/// From an index to the file and offset where its entry is found. Batches that stand together share
/// a place, so it is small beside the log: one place for 64 KiB of it. Entries that were replaced
/// are never found.
///
/// Thread rule: one thread.
class EntryIndex {
 public:
  /// A batch behind all others, whose entries replace those from its first on.
  void add(const BatchPlace& batch);
  /// Forgets the entries from `first` on.
  void truncate(model::Index first);
  /// Forgets the entries up to `base`, but for those that share a place with one after it.
  void trim_to(model::Index base);

  /// The last entry's index; nothing if there is none.
  [[nodiscard]] std::optional<model::Index> last() const {
    if (places_.empty()) return std::nullopt;
    return places_.back().last;
  }
  /// The place of the entry; null if there is none. Valid until the next change.
  [[nodiscard]] const EntryPlace* find(model::Index index) const;

 private:
  std::vector<EntryPlace> places_;
  /// Where a batch has to start to share the last place; zero if none may.
  std::uint64_t shared_until_ = 0;
};

}  // namespace gms::log
