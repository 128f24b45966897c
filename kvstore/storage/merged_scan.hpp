#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "kvstore/storage/overlay.hpp"

namespace kvstore::storage {

/// Stored keys k with from ≤ k < to.
struct StoredBounds {
  std::string from;
  std::string to;

  StoredBounds(Space space, const api::KeyBounds& bounds);
};

/// A walk over one of the places where rows are kept.
class RowSource {
 public:
  virtual ~RowSource() = default;
  [[nodiscard]] virtual bool at_row() const = 0;
  /// The stored key, valid until next(). Precondition: at_row().
  [[nodiscard]] virtual std::string_view key() const = 0;
  /// Whether it says that the key was erased. Precondition: at_row().
  [[nodiscard]] virtual bool is_erased() const = 0;
  /// The stored row, valid until next(). Precondition: at_row(), and not erased.
  [[nodiscard]] virtual gms::model::ByteSpan row() const = 0;
  /// Precondition: at_row().
  virtual void next() = 0;
  /// Whether the walk ended because the rows did. Errors: io, corrupt.
  [[nodiscard]] virtual gms::model::Result<void> status() const = 0;
};

/// A walk over what a table held as of `at`. Must not outlive the table, which may grow meanwhile.
[[nodiscard]] std::unique_ptr<RowSource> walk_table(const OverlayTable& table, ChangeSeq at,
                                                    const StoredBounds& bounds,
                                                    api::Direction direction);

/// A walk over several sources as one: of a key that several have, the newest source's row counts.
class MergedScan final : public Scan {
 public:
  /// `sources` from the oldest to the newest, all of them in that direction.
  MergedScan(std::vector<std::unique_ptr<RowSource>> sources, api::Direction direction);

  [[nodiscard]] bool at_row() const override { return current_ != nullptr; }
  [[nodiscard]] api::Pair pair() const override;
  void next() override;
  [[nodiscard]] gms::model::Result<void> status() const override;

 private:
  /// Finds the row to look at.
  void settle();
  /// The newest source among those whose key comes next.
  [[nodiscard]] RowSource* first_source() const;
  /// Moves every source that is at `source`'s key past it.
  void pass(RowSource& source);
  [[nodiscard]] bool comes_before(std::string_view a, std::string_view b) const;

  std::vector<std::unique_ptr<RowSource>> sources_;
  api::Direction direction_;
  RowSource* current_ = nullptr;
  api::Versioned row_;
  bool is_malformed_ = false;
};

}  // namespace kvstore::storage
