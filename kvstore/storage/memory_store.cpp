#include "kvstore/storage/memory_store.hpp"

#include <utility>

#include "gms/model/assert.hpp"

namespace kvstore::storage {
namespace {

using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ErrorCode;
using gms::model::Index;
using gms::model::Result;

std::string row_key(Space space, ByteSpan key) {
  std::string out(1, static_cast<char>(space));
  out += as_text(key);
  return out;
}

Bytes copy(ByteSpan bytes) {
  return {bytes.begin(), bytes.end()};
}

void change(MemoryRows& rows, const std::string& key, const std::optional<MemoryRow>& row) {
  if (row) {
    rows.insert_or_assign(key, *row);
  } else {
    rows.erase(key);
  }
}

class MemoryScan final : public Scan {
 public:
  using Iterator = MemoryRows::const_iterator;

  MemoryScan(Iterator first, Iterator end, api::Direction direction)
      : first_(first), end_(end), direction_(direction) {}

  bool at_row() const override { return first_ != end_; }
  api::Pair pair() const override {
    const auto& [key, row] = ascending() ? *first_ : *std::prev(end_);
    return {as_bytes(key).subspan(1), {row.revision, row.value}};
  }
  void next() override {
    if (ascending()) {
      ++first_;
    } else {
      --end_;
    }
  }
  Result<void> status() const override { return {}; }

 private:
  bool ascending() const { return direction_ == api::Direction::ascending; }

  // The rows not seen yet.
  Iterator first_;
  Iterator end_;
  api::Direction direction_;
};

class MemorySnapshot final : public Snapshot {
 public:
  MemorySnapshot(std::shared_ptr<const MemoryRows> rows, Index applied)
      : rows_(std::move(rows)), applied_(applied) {}

  Index applied() const override { return applied_; }
  std::unique_ptr<Scan> scan(Space space, const api::KeyBounds& bounds,
                             api::Direction direction) const override {
    const std::string after_space(1, static_cast<char>(static_cast<char>(space) + 1));
    const auto first = rows_->lower_bound(row_key(space, bounds.from));
    const auto end =
        rows_->lower_bound(bounds.to.empty() ? after_space : row_key(space, bounds.to));
    const bool is_empty = !bounds.to.empty() && as_text(bounds.to) <= as_text(bounds.from);
    return std::make_unique<MemoryScan>(is_empty ? end : first, end, direction);
  }

 private:
  std::shared_ptr<const MemoryRows> rows_;
  Index applied_;
};

}  // namespace

Bytes encode(const MemoryImage& image) {
  gms::model::ByteWriter out;
  out.u8(image.applied ? 1 : 0);
  if (image.applied) {
    out.u64(image.applied->applied.value());
    out.blob(image.applied->record);
  }
  out.u64(image.rows.size());
  for (const auto& [key, row] : image.rows) {
    out.blob(as_bytes(key));
    out.u64(row.revision.value());
    out.blob(row.value);
  }
  return out.take();
}

Result<MemoryImage> decode_memory_image(ByteSpan bytes) {
  gms::model::ByteReader in(bytes);
  MemoryImage image;
  if (in.u8() != 0) {
    image.applied.emplace();
    image.applied->applied = Index(in.u64());
    image.applied->record = copy(in.blob());
  }
  const std::uint64_t count = in.u64();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    std::string key(as_text(in.blob()));
    MemoryRow& row = image.rows[std::move(key)];
    row.revision = api::Revision(in.u64());
    row.value = copy(in.blob());
  }
  if (!in.finished()) return gms::model::Error{ErrorCode::corrupt, "an image is malformed"};
  return image;
}

MemoryStore::MemoryStore(MemoryImage& image)
    : image_(image), rows_(std::make_shared<MemoryRows>(image.rows)), applied_(image.applied) {}

Result<void> MemoryStore::apply(const ChangeSet& changes) {
  GMS_ASSERT(!applied_ || changes.applied >= applied_->applied, "C14");
  if (rows_.use_count() > 1) rows_ = std::make_shared<MemoryRows>(*rows_);
  Pending pending;
  pending.changes.reserve(changes.changes.size());
  for (const Change& one : changes.changes) {
    std::optional<MemoryRow> row;
    if (one.row) row = MemoryRow{one.row->revision, copy(one.row->value)};
    pending.changes.emplace_back(row_key(one.space, one.key), std::move(row));
    change(*rows_, pending.changes.back().first, pending.changes.back().second);
  }
  pending.applied = {changes.applied, copy(changes.record)};
  applied_ = pending.applied;
  pending_.push_back(std::move(pending));
  return {};
}

Result<std::optional<api::Revision>> MemoryStore::get(Space space, ByteSpan key,
                                                      Bytes& value) const {
  const auto found = rows_->find(row_key(space, key));
  if (found == rows_->end()) return std::optional<api::Revision>();
  value = found->second.value;
  return std::optional(found->second.revision);
}

std::unique_ptr<Snapshot> MemoryStore::snapshot() const {
  return std::make_unique<MemorySnapshot>(rows_, applied_ ? applied_->applied : Index());
}

Result<std::optional<AppliedRecord>> MemoryStore::stored() const {
  return applied_;
}

Index MemoryStore::durable() const {
  return image_.applied ? image_.applied->applied : Index();
}

Result<void> MemoryStore::flush() {
  if (applied_) flush_to(applied_->applied);
  return {};
}

MemoryImage MemoryStore::take() const {
  return {*rows_, applied_};
}

void MemoryStore::restore(MemoryImage image) {
  image_ = std::move(image);
  rows_ = std::make_shared<MemoryRows>(image_.rows);
  applied_ = image_.applied;
  pending_.clear();
}

void MemoryStore::flush_to(Index index) {
  while (!pending_.empty() && pending_.front().applied.applied <= index) {
    for (const auto& [key, row] : pending_.front().changes) change(image_.rows, key, row);
    image_.applied = std::move(pending_.front().applied);
    pending_.pop_front();
  }
}

}  // namespace kvstore::storage
