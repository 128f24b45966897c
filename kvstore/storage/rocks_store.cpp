#include "kvstore/storage/rocks_store.hpp"

#include <rocksdb/db.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gms/model/assert.hpp"
#include "kvstore/storage/merged_scan.hpp"
#include "kvstore/storage/overlay.hpp"
#include "kvstore/storage/rocks_settings.hpp"
#include "kvstore/storage/rocks_table_writer.hpp"
#include "kvstore/storage/row_format.hpp"

namespace kvstore::storage {
namespace {

using gms::model::as_bytes;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Index;
using gms::model::Result;
using rocksdb::Slice;
using namespace std::chrono_literals;

/// So many full tables wait to be written out, besides the one that is written to, when the store
/// is behind.
constexpr std::size_t kWaitingMax = 7;
/// Bytes of changes in a table, as a multiple of its memory: rows that are overwritten in place
/// take none, but a restart replays every change.
constexpr std::size_t kChangesPerByte = 2;
constexpr auto kLookAgainAfter = 20ms;

ByteSpan span(const Slice& text) {
  return as_bytes({text.data(), text.size()});
}

Result<std::optional<api::Revision>> take_row(ByteSpan bytes, Bytes& value) {
  const auto row = decode_row(bytes);
  if (!row) return row.error();
  value.assign(row->value.begin(), row->value.end());
  return std::optional(row->revision);
}

/// RocksDB numbers what it holds. Rows of the first file get number 0, and a compaction that runs
/// while a snapshot of number 0 is held takes them for hidden ones and drops them. So no snapshot
/// may have that number: a new database spends one on a key that nobody reads, and that comes
/// before those of every file.
rocksdb::Status leave_number_zero(rocksdb::DB& db) {
  if (db.GetLatestSequenceNumber() > 0) return rocksdb::Status::OK();
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return db.Delete(options, "_/");
}

/// What the files have.
Result<std::optional<AppliedRecord>> read_applied(rocksdb::DB& db) {
  std::string value;
  const rocksdb::Status status = db.Get(rocksdb::ReadOptions(), kAppliedKey, &value);
  if (status.IsNotFound()) return std::optional<AppliedRecord>();
  if (!status.ok()) return to_read_error(status);
  const auto row = decode_row(as_bytes(value));
  if (!row) return row.error();
  return std::optional(
      AppliedRecord{Index(row->revision.value()), {row->value.begin(), row->value.end()}});
}

/// A database that nobody writes to meanwhile.
Result<std::unique_ptr<rocksdb::DB>> open_to_read(const std::string& directory) {
  rocksdb::DB* db = nullptr;
  const rocksdb::Options rocks = rocks_options({}, std::make_shared<RocksWatch>());
  const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(rocks, directory, &db);
  if (!status.ok()) return to_read_error(status);
  return std::unique_ptr<rocksdb::DB>(db);
}

/// The rows in RocksDB's files.
class FileSource final : public RowSource {
 public:
  FileSource(rocksdb::DB& db, const rocksdb::Snapshot* at, StoredBounds bounds,
             api::Direction direction)
      : bounds_(std::move(bounds)), from_(bounds_.from), to_(bounds_.to), direction_(direction) {
    rocksdb::ReadOptions options;
    options.snapshot = at;
    options.iterate_lower_bound = &from_;
    options.iterate_upper_bound = &to_;
    // A walk must not push what single reads need out of the cache.
    options.fill_cache = false;
    rows_.reset(db.NewIterator(options));
    if (direction_ == api::Direction::ascending) {
      rows_->SeekToFirst();
    } else {
      rows_->SeekToLast();
    }
  }

  bool at_row() const override { return rows_->Valid(); }
  std::string_view key() const override { return rows_->key().ToStringView(); }
  bool is_erased() const override { return false; }
  ByteSpan row() const override { return span(rows_->value()); }
  void next() override {
    if (direction_ == api::Direction::ascending) {
      rows_->Next();
    } else {
      rows_->Prev();
    }
  }
  Result<void> status() const override {
    if (!rows_->status().ok()) return to_read_error(rows_->status());
    return {};
  }

 private:
  StoredBounds bounds_;
  Slice from_;
  Slice to_;
  api::Direction direction_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

class RocksSnapshot final : public Snapshot {
 public:
  RocksSnapshot(rocksdb::DB& db, Overlay::View overlay, Index applied)
      : db_(db), overlay_(std::move(overlay)), at_(db.GetSnapshot()), applied_(applied) {}
  ~RocksSnapshot() override { db_.ReleaseSnapshot(at_); }
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;

  Index applied() const override { return applied_; }
  std::unique_ptr<Scan> scan(Space space, const api::KeyBounds& bounds,
                             api::Direction direction) const override {
    const StoredBounds stored(space, bounds);
    std::vector<std::unique_ptr<RowSource>> sources;
    sources.push_back(std::make_unique<FileSource>(db_, at_, stored, direction));
    for (const auto& table : overlay_.tables)
      sources.push_back(walk_table(*table, overlay_.at, stored, direction));
    return std::make_unique<MergedScan>(std::move(sources), direction);
  }

 private:
  rocksdb::DB& db_;
  // A table that gets into the files after this was taken is seen here and not there.
  Overlay::View overlay_;
  const rocksdb::Snapshot* at_;
  Index applied_;
};

}  // namespace

struct RocksStore::State {
  RocksOptions options;
  std::shared_ptr<RocksWatch> watch = std::make_shared<RocksWatch>();
  std::unique_ptr<rocksdb::DB> db;
  Overlay overlay;
  /// What the files had when they were opened, and what is applied now.
  Index durable_when_opened;
  Index applied;
  std::unique_ptr<RocksTableWriter> writer;

  void freeze() { writer->give(overlay.freeze()); }
  [[nodiscard]] bool is_full() const;
  void make_room();
};

bool RocksStore::State::is_full() const {
  const OverlayTable& table = overlay.newest();
  return table.bytes() >= options.memtable_bytes ||
         table.changed_bytes() >= kChangesPerByte * options.memtable_bytes;
}

void RocksStore::State::make_room() {
  overlay.drop_frozen(writer->waiting_count());
  if (overlay.has_changes() && is_full()) freeze();
}

RocksStore::RocksStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::string& directory,
                                                     const RocksOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  rocksdb::DB* db = nullptr;
  const rocksdb::Options rocks = rocks_options(options, state->watch);
  const rocksdb::Status status = rocksdb::DB::Open(rocks, directory, &db);
  if (!status.ok()) return to_error(status);
  state->db.reset(db);
  if (const auto left = leave_number_zero(*db); !left.ok()) return to_error(left);
  const auto stored = read_applied(*db);
  if (!stored) return stored.error();
  if (*stored) state->applied = state->durable_when_opened = (*stored)->applied;
  state->writer = std::make_unique<RocksTableWriter>(
      *db, *state->watch, RocksTableWriter::Settings{rocks, directory, 2 * options.memtable_bytes});
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(state)));
}

Result<std::optional<AppliedRecord>> RocksStore::look_up_applied(const std::string& directory) {
  const auto db = open_to_read(directory);
  if (!db) return db.error();
  return read_applied(**db);
}

Result<void> RocksStore::check_beginning(const std::string& directory) {
  const auto db = open_to_read(directory);
  if (!db) return db.error();
  if (const auto applied = read_applied(**db); !applied) return applied.error();
  FileSource sessions(**db, nullptr, StoredBounds(Space::session, {}), api::Direction::ascending);
  while (sessions.at_row()) sessions.next();
  return sessions.status();
}

Result<void> RocksStore::apply(const ChangeSet& changes) {
  GMS_ASSERT(changes.applied >= state_->applied, "C14");
  state_->make_room();
  state_->overlay.apply(changes);
  state_->applied = changes.applied;
  return {};
}

Result<std::optional<api::Revision>> RocksStore::get(Space space, ByteSpan key,
                                                     Bytes& value) const {
  if (const OverlayVersion* version = state_->overlay.find(space, key)) {
    if (version->is_erased()) return std::optional<api::Revision>();
    return take_row(version->row(), value);
  }
  rocksdb::PinnableSlice found;
  rocksdb::DB& db = *state_->db;
  const rocksdb::Status status =
      db.Get(rocksdb::ReadOptions(), db.DefaultColumnFamily(), row_key(space, key), &found);
  if (status.IsNotFound()) return std::optional<api::Revision>();
  if (!status.ok()) return to_read_error(status);
  return take_row(span(found), value);
}

std::unique_ptr<Snapshot> RocksStore::snapshot() const {
  return std::make_unique<RocksSnapshot>(*state_->db, state_->overlay.view(), state_->applied);
}

Result<std::optional<AppliedRecord>> RocksStore::stored() const {
  if (const AppliedRecord* applied = state_->overlay.applied()) return std::optional(*applied);
  return read_applied(*state_->db);
}

Index RocksStore::durable() const {
  return std::max(state_->durable_when_opened, state_->writer->durable());
}

bool RocksStore::is_behind() const {
  return state_->writer->waiting_count() >= kWaitingMax;
}

Result<void> RocksStore::flush() {
  if (state_->overlay.has_changes()) state_->freeze();
  while (state_->writer->waiting_count() > 0) {
    state_->writer->wait_until_waiting(0, kLookAgainAfter);
    if (auto trouble = state_->watch->trouble()) return *std::move(trouble);
  }
  return {};
}

std::optional<Error> RocksStore::trouble() const {
  return state_->watch->trouble();
}

void RocksStore::checkpoint(std::string directory, std::function<void(const Result<void>&)> done) {
  if (auto trouble = state_->watch->trouble()) return done(*std::move(trouble));
  // The table that is written to may get no more rows than the copy is to have.
  if (state_->overlay.has_changes()) state_->freeze();
  state_->writer->give(RocksTableWriter::Checkpoint{std::move(directory), std::move(done)});
}

void RocksStore::reclaim() {
  if (state_->overlay.has_changes()) state_->freeze();
  state_->writer->reclaim();
}

bool RocksStore::is_reclaiming() const {
  return state_->writer->is_reclaiming();
}

Result<std::unique_ptr<RocksStore>> RocksStore::go_over_to(const std::string& directory) {
  std::uint64_t snapshots = 0;
  state_->db->GetIntProperty(rocksdb::DB::Properties::kNumSnapshots, &snapshots);
  GMS_ASSERT(snapshots == 0, "a snapshot must not outlive its store's state");
  auto other = open(directory, state_->options);
  if (other) std::swap(state_, (*other)->state_);
  return other;
}

}  // namespace kvstore::storage
