#include "kvstore/storage/merged_scan.hpp"

#include <iterator>
#include <utility>

#include "kvstore/storage/row_format.hpp"

namespace kvstore::storage {

using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

namespace {

class TableSource final : public RowSource {
 public:
  using Place = OverlayTable::Rows::const_iterator;

  TableSource(const OverlayTable& table, ChangeSeq at, const StoredBounds& bounds,
              api::Direction direction)
      : at_(at),
        first_(table.rows().lower_bound(bounds.from)),
        end_(table.rows().lower_bound(bounds.to)),
        place_(direction == api::Direction::ascending || first_ == end_ ? first_ : std::prev(end_)),
        direction_(direction),
        ended_(first_ == end_) {
    skip_unseen();
  }

  bool at_row() const override { return !ended_; }
  std::string_view key() const override { return place_->first; }
  bool is_erased() const override { return version_.is_erased(); }
  ByteSpan row() const override { return version_.row(); }
  void next() override {
    step();
    skip_unseen();
  }
  Result<void> status() const override { return {}; }

 private:
  void step() {
    if (direction_ == api::Direction::ascending) {
      ended_ = ++place_ == end_;
    } else if (place_ == first_) {
      ended_ = true;
    } else {
      --place_;
    }
  }
  /// Keys that came after the snapshot are not there for it.
  void skip_unseen() {
    for (; !ended_; step()) {
      const OverlayVersion* const seen = version_at(place_->second, at_);
      if (seen == nullptr) continue;
      version_ = *seen;
      return;
    }
  }

  ChangeSeq at_;
  Place first_;
  Place end_;
  // Kept, not derived from the bounds: rows may be added beside them at any time.
  Place place_;
  api::Direction direction_;
  bool ended_;
  // A copy: what replaces the row later is written into its place in the table, and the version
  // that is seen here moves behind it. The bytes of that stay where they are.
  OverlayVersion version_;
};

}  // namespace

StoredBounds::StoredBounds(Space space, const api::KeyBounds& bounds)
    : from(row_key(space, bounds.from)),
      to(bounds.to.empty() ? space_end(space) : row_key(space, bounds.to)) {
  if (to < from) to = from;
}

std::unique_ptr<RowSource> walk_table(const OverlayTable& table, ChangeSeq at,
                                      const StoredBounds& bounds, api::Direction direction) {
  return std::make_unique<TableSource>(table, at, bounds, direction);
}

MergedScan::MergedScan(std::vector<std::unique_ptr<RowSource>> sources, api::Direction direction)
    : sources_(std::move(sources)), direction_(direction) {
  settle();
}

api::Pair MergedScan::pair() const {
  return {gms::model::as_bytes(current_->key().substr(kRowKeyPrefixBytes)), row_};
}

void MergedScan::next() {
  pass(*current_);
  settle();
}

Result<void> MergedScan::status() const {
  if (is_malformed_) return Error{ErrorCode::corrupt, "a row of the store is malformed"};
  for (const auto& source : sources_)
    if (auto status = source->status(); !status) return status;
  return {};
}

void MergedScan::settle() {
  current_ = first_source();
  while (current_ != nullptr && current_->is_erased()) {
    pass(*current_);
    current_ = first_source();
  }
  // A source that failed has no more rows: what the others still have would be half a state.
  if (current_ == nullptr || !status()) {
    current_ = nullptr;
    return;
  }
  const auto row = decode_row(current_->row());
  if (row) {
    row_ = *row;
  } else {
    is_malformed_ = true;
    current_ = nullptr;
  }
}

RowSource* MergedScan::first_source() const {
  RowSource* first = nullptr;
  for (auto source = sources_.rbegin(); source != sources_.rend(); ++source)
    if ((*source)->at_row() && (first == nullptr || comes_before((*source)->key(), first->key())))
      first = source->get();
  return first;
}

void MergedScan::pass(RowSource& source) {
  const std::string_view key = source.key();
  for (const auto& other : sources_)
    if (other.get() != &source && other->at_row() && other->key() == key) other->next();
  source.next();
}

bool MergedScan::comes_before(std::string_view a, std::string_view b) const {
  return direction_ == api::Direction::ascending ? a < b : b < a;
}

}  // namespace kvstore::storage
