#pragma once

#include <deque>
#include <map>
#include <string>

#include "kvstore/storage/store.hpp"

namespace kvstore::storage {

/// A row that owns its value.
struct MemoryRow {
  api::Revision revision;
  gms::model::Bytes value;

  friend bool operator==(const MemoryRow&, const MemoryRow&) = default;
};

/// Rows by their space and key.
using MemoryRows = std::map<std::string, MemoryRow, std::less<>>;

/// What survives a crash of a MemoryStore. A plain value: copy it to keep an image.
struct MemoryImage {
  MemoryRows rows;
  std::optional<AppliedRecord> applied;

  friend bool operator==(const MemoryImage&, const MemoryImage&) = default;
};

[[nodiscard]] gms::model::Bytes encode(const MemoryImage& image);
/// Error: corrupt.
[[nodiscard]] gms::model::Result<MemoryImage> decode_memory_image(gms::model::ByteSpan bytes);

/// A store without a disk, for tests and the simulator, with the durability of the real one: what
/// is applied stays in memory until a flush writes it to the image. Destroying the store is a
/// crash; a new one on the same image starts from the last flush.
///
/// Ownership: borrows the image, which outlives it and has one store at a time.
class MemoryStore final : public Store {
 public:
  explicit MemoryStore(MemoryImage& image);

  [[nodiscard]] gms::model::Result<void> apply(const ChangeSet& changes) override;
  [[nodiscard]] gms::model::Result<std::optional<api::Revision>> get(
      Space space, gms::model::ByteSpan key, gms::model::Bytes& value) const override;
  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const override;
  [[nodiscard]] gms::model::Result<std::optional<AppliedRecord>> stored() const override;
  [[nodiscard]] gms::model::Index durable() const override;
  [[nodiscard]] bool is_behind() const override { return false; }
  [[nodiscard]] gms::model::Result<void> flush() override;
  [[nodiscard]] std::optional<gms::model::Error> trouble() const override { return std::nullopt; }

  /// The state right after the newest change set.
  [[nodiscard]] MemoryImage take() const;
  /// Is `image` from here on, all of it durable.
  void restore(MemoryImage image);

  /// Makes the change sets up to `index` durable and leaves younger ones to the next crash, as a
  /// memtable that was full in between would.
  void flush_to(gms::model::Index index);

 private:
  /// A change set that is not in the image yet.
  struct Pending {
    std::vector<std::pair<std::string, std::optional<MemoryRow>>> changes;
    AppliedRecord applied;
  };

  MemoryImage& image_;
  /// Shared with snapshots; copied before a change while one is held.
  std::shared_ptr<MemoryRows> rows_;
  std::optional<AppliedRecord> applied_;
  std::deque<Pending> pending_;
};

}  // namespace kvstore::storage
