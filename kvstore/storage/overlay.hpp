#pragma once

#include <deque>
#include <memory>
#include <string>

#include "kvstore/storage/overlay_table.hpp"

namespace kvstore::storage {

/// What has been applied to a store and is not known to be in its files: one table that is written
/// to, and the full ones before it, which wait to be written out.
///
/// Thread rule: one thread. Ownership: full tables are shared with who writes them out and with
/// snapshots.
class Overlay {
 public:
  using Tables = std::deque<std::shared_ptr<const OverlayTable>>;

  /// A state of the overlay, kept while this lives.
  struct View {
    /// From the oldest to the newest.
    Tables tables;
    ChangeSeq at;
  };

  void apply(const ChangeSet& changes);

  /// The newest version of a stored key; null when it is not here.
  [[nodiscard]] const OverlayVersion* find(Space space, gms::model::ByteSpan key);
  [[nodiscard]] View view();

  /// The table that is written to.
  [[nodiscard]] const OverlayTable& newest() const { return *newest_; }
  /// The newest applied record; null when it is not here.
  [[nodiscard]] const AppliedRecord* applied() const;
  /// Whether anything was applied since the last freeze().
  [[nodiscard]] bool has_changes() const { return at_ > frozen_at_; }
  /// Starts a new table and hands over the one that was written to.
  std::shared_ptr<const OverlayTable> freeze();

  /// Forgets the oldest full tables, but for the newest `kept` of them.
  void drop_frozen(std::size_t kept);

 private:
  std::shared_ptr<OverlayTable> newest_ = std::make_shared<OverlayTable>();
  /// From the oldest to the newest.
  Tables frozen_;
  ChangeSeq at_;
  ChangeSeq frozen_at_;
  /// When the last view was taken: what it sees is not overwritten.
  ChangeSeq viewed_;
  std::string key_;
};

}  // namespace kvstore::storage
