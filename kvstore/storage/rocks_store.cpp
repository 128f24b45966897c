#include "kvstore/storage/rocks_store.hpp"

#include <rocksdb/db.h>

#include <array>
#include <chrono>
#include <utility>

#include "gms/model/assert.hpp"
#include "kvstore/storage/rocks_flush_retry.hpp"
#include "kvstore/storage/rocks_settings.hpp"

namespace kvstore::storage {
namespace {

using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Index;
using gms::model::Result;
using rocksdb::Slice;
using namespace std::chrono_literals;

constexpr std::string_view kAppliedKey = "_/applied";

/// Before the value of every row: revision u64, flags u8. Flags are zero so far.
constexpr std::size_t kRowHeadBytes = 9;
/// How long a change set waits for memory to be written out, which takes long when the disk is slow
/// or full.
constexpr auto kRoomWaitMax = 60s;
constexpr auto kRoomWait = 20ms;

using RowHead = std::array<std::byte, kRowHeadBytes>;

Slice slice(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ByteSpan span(const Slice& text) {
  return as_bytes({text.data(), text.size()});
}

Error corrupt_row() {
  return {ErrorCode::corrupt, "a row of the store is malformed"};
}

/// `k/` and `s/`.
std::array<char, 2> space_prefix(Space space) {
  return {static_cast<char>(space), '/'};
}

std::string row_key(Space space, ByteSpan key) {
  const auto prefix = space_prefix(space);
  std::string out;
  out.reserve(prefix.size() + key.size());
  out.append(prefix.data(), prefix.size());
  out.append(as_text(key));
  return out;
}

RowHead row_head(api::Revision revision) {
  RowHead head{};
  gms::model::store_little_endian(head.data(), revision.value());
  return head;
}

Result<api::Versioned> decode_row(ByteSpan bytes) {
  if (bytes.size() < kRowHeadBytes || bytes[kRowHeadBytes - 1] != std::byte{0})
    return corrupt_row();
  const api::Revision revision(gms::model::load_little_endian<std::uint64_t>(bytes.data()));
  return api::Versioned{revision, bytes.subspan(kRowHeadBytes)};
}

/// Puts a row together from its parts inside the batch, so keys and values are copied once.
rocksdb::Status add(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* family,
                    ByteSpan prefix, ByteSpan key, const std::optional<api::Versioned>& row) {
  const std::array<Slice, 2> key_parts = {slice(prefix), slice(key)};
  const rocksdb::SliceParts whole_key(key_parts.data(), 2);
  if (!row) return batch.Delete(family, whole_key);
  const RowHead head = row_head(row->revision);
  const std::array<Slice, 2> value_parts = {slice(head), slice(row->value)};
  return batch.Put(family, whole_key, rocksdb::SliceParts(value_parts.data(), 2));
}

/// Whether nothing was written for want of room, so that the same may be tried again.
bool waits_for_room(const rocksdb::Status& status) {
  return status.IsIncomplete() || status.IsNoSpace();
}

class RocksScan final : public Scan {
 public:
  RocksScan(rocksdb::DB& db, const rocksdb::Snapshot* at, Space space, const api::KeyBounds& bounds,
            api::Direction direction)
      : from_(row_key(space, bounds.from)),
        to_(bounds.to.empty() ? std::string{static_cast<char>(space), '/' + 1}
                              : row_key(space, bounds.to)),
        from_slice_(from_),
        to_slice_(to_),
        direction_(direction) {
    if (to_ <= from_) return;
    rocksdb::ReadOptions options;
    options.snapshot = at;
    options.iterate_lower_bound = &from_slice_;
    options.iterate_upper_bound = &to_slice_;
    // A walk must not push what single reads need out of the cache.
    options.fill_cache = false;
    rows_.reset(db.NewIterator(options));
    if (direction_ == api::Direction::ascending) {
      rows_->SeekToFirst();
    } else {
      rows_->SeekToLast();
    }
    check_row();
  }

  bool at_row() const override { return rows_ && !is_malformed_ && rows_->Valid(); }
  api::Pair pair() const override {
    const auto row = decode_row(span(rows_->value()));
    return {span(rows_->key()).subspan(2), *row};
  }
  void next() override {
    if (direction_ == api::Direction::ascending) {
      rows_->Next();
    } else {
      rows_->Prev();
    }
    check_row();
  }
  Result<void> status() const override {
    if (is_malformed_) return corrupt_row();
    if (rows_ && !rows_->status().ok()) return to_error(rows_->status());
    return {};
  }

 private:
  void check_row() {
    is_malformed_ = rows_->Valid() && !decode_row(span(rows_->value())).has_value();
  }

  std::string from_;
  std::string to_;
  Slice from_slice_;
  Slice to_slice_;
  api::Direction direction_;
  std::unique_ptr<rocksdb::Iterator> rows_;
  bool is_malformed_ = false;
};

class RocksSnapshot final : public Snapshot {
 public:
  RocksSnapshot(rocksdb::DB& db, Index applied)
      : db_(db), at_(db.GetSnapshot()), applied_(applied) {}
  ~RocksSnapshot() override { db_.ReleaseSnapshot(at_); }
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;

  Index applied() const override { return applied_; }
  std::unique_ptr<Scan> scan(Space space, const api::KeyBounds& bounds,
                             api::Direction direction) const override {
    return std::make_unique<RocksScan>(db_, at_, space, bounds, direction);
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* at_;
  Index applied_;
};

}  // namespace

struct RocksStore::State {
  std::shared_ptr<RocksWatch> watch = std::make_shared<RocksWatch>();
  std::unique_ptr<rocksdb::DB> db;
  std::unique_ptr<FlushRetry> retry;
  rocksdb::WriteBatch batch;
  Index applied;
  /// What was last seen on disk, and after how many flushes.
  Index durable;
  std::uint64_t flushes_seen = 0;

  [[nodiscard]] Result<std::optional<AppliedRecord>> read_applied(rocksdb::ReadTier tier) const;
  void refresh_durable();
  [[nodiscard]] rocksdb::Status write();
};

Result<std::optional<AppliedRecord>> RocksStore::State::read_applied(rocksdb::ReadTier tier) const {
  rocksdb::ReadOptions options;
  options.read_tier = tier;
  std::string value;
  const rocksdb::Status status = db->Get(options, Slice(kAppliedKey), &value);
  if (status.IsNotFound()) return std::optional<AppliedRecord>();
  if (!status.ok()) return to_error(status);
  const auto row = decode_row(as_bytes(value));
  if (!row) return row.error();
  return std::optional(
      AppliedRecord{Index(row->revision.value()), {row->value.begin(), row->value.end()}});
}

void RocksStore::State::refresh_durable() {
  const std::uint64_t flushes = watch->flushes();
  if (flushes == flushes_seen) return;
  const auto persisted = read_applied(rocksdb::kPersistedTier);
  if (!persisted) return;
  flushes_seen = flushes;
  if (*persisted) durable = (*persisted)->applied;
}

rocksdb::Status RocksStore::State::write() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  // Memory being full is answered at once, so that the wait for room is ours, and ends.
  options.no_slowdown = true;
  const auto give_up_at = std::chrono::steady_clock::now() + kRoomWaitMax;
  std::uint64_t flushes = watch->flushes();
  rocksdb::Status status = db->Write(options, &batch);
  while (waits_for_room(status) && std::chrono::steady_clock::now() < give_up_at) {
    // Room also comes without a flush, when a compaction ends.
    watch->wait_for_flush(flushes, kRoomWait);
    flushes = watch->flushes();
    status = db->Write(options, &batch);
  }
  return status;
}

RocksStore::RocksStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::string& directory,
                                                     const RocksOptions& options) {
  auto state = std::make_unique<State>();
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(rocks_options(options, state->watch), directory, &db);
  if (!status.ok()) return to_error(status);
  state->db.reset(db);
  state->retry =
      std::make_unique<FlushRetry>(*db, *state->watch, directory, 2 * options.memtable_bytes);
  const auto stored = state->read_applied(rocksdb::kReadAllTier);
  if (!stored) return stored.error();
  if (*stored) state->applied = state->durable = (*stored)->applied;
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(state)));
}

Result<void> RocksStore::apply(const ChangeSet& changes) {
  GMS_ASSERT(changes.applied >= state_->applied, "C14");
  rocksdb::WriteBatch& batch = state_->batch;
  rocksdb::ColumnFamilyHandle* const family = state_->db->DefaultColumnFamily();
  batch.Clear();
  for (const Change& change : changes.changes) {
    const auto prefix = space_prefix(change.space);
    const auto status =
        add(batch, family, as_bytes({prefix.data(), prefix.size()}), change.key, change.row);
    if (!status.ok()) return to_error(status);
  }
  const api::Versioned record{api::revision_at(changes.applied), changes.record};
  auto status = add(batch, family, {}, as_bytes(kAppliedKey), record);
  if (status.ok()) status = state_->write();
  if (!status.ok()) return to_error(status);
  state_->applied = changes.applied;
  return {};
}

Result<std::optional<api::Revision>> RocksStore::get(Space space, ByteSpan key,
                                                     Bytes& value) const {
  rocksdb::PinnableSlice found;
  rocksdb::DB& db = *state_->db;
  const rocksdb::Status status =
      db.Get(rocksdb::ReadOptions(), db.DefaultColumnFamily(), Slice(row_key(space, key)), &found);
  if (status.IsNotFound()) return std::optional<api::Revision>();
  if (!status.ok()) return to_error(status);
  const auto row = decode_row(span(found));
  if (!row) return row.error();
  value.assign(row->value.begin(), row->value.end());
  return std::optional(row->revision);
}

std::unique_ptr<Snapshot> RocksStore::snapshot() const {
  return std::make_unique<RocksSnapshot>(*state_->db, state_->applied);
}

Result<std::optional<AppliedRecord>> RocksStore::stored() const {
  return state_->read_applied(rocksdb::kReadAllTier);
}

Index RocksStore::durable() const {
  state_->refresh_durable();
  return state_->durable;
}

Result<void> RocksStore::flush() {
  const rocksdb::Status status = state_->db->Flush(rocksdb::FlushOptions());
  if (!status.ok()) return to_error(status);
  return {};
}

std::optional<Error> RocksStore::trouble() const {
  return state_->watch->trouble();
}

}  // namespace kvstore::storage
