#include "kvstore/storage/rocks_table_writer.hpp"

#include <rocksdb/sst_file_writer.h>
#include <rocksdb/utilities/checkpoint.h>

#include <cstdlib>
#include <system_error>
#include <utility>

#include "gms/model/background.hpp"
#include "kvstore/storage/rocks_reclaim.hpp"
#include "kvstore/storage/rocks_settings.hpp"
#include "kvstore/storage/row_format.hpp"

namespace kvstore::storage {

using gms::model::ErrorCode;
using gms::model::Index;
using rocksdb::Slice;
using rocksdb::Status;
using namespace std::chrono_literals;

namespace {

/// RocksDB does not take a file of this name for one of its own.
constexpr const char* kFileName = "incoming.sst";
constexpr auto kRetryAfter = 1s;
/// Files that no compaction has taken yet: past so many, reads would become slow.
constexpr int kNewFilesMax = 64;
constexpr auto kCompactionWait = 50ms;

Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

Slice slice(gms::model::ByteSpan bytes) {
  return slice(gms::model::as_text(bytes));
}

Status add_applied(rocksdb::SstFileWriter& file, const AppliedRecord& applied) {
  const api::Versioned row{api::revision_at(applied.applied), applied.record};
  gms::model::Bytes stored(kRowHeadBytes + row.value.size());
  store_row(row, stored.data());
  return file.Put(slice(kAppliedKey), slice(stored));
}

}  // namespace

RocksTableWriter::RocksTableWriter(rocksdb::DB& db, RocksWatch& watch, Settings settings)
    : db_(db),
      watch_(watch),
      settings_(std::move(settings)),
      file_((settings_.directory / kFileName).string()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void RocksTableWriter::give(std::shared_ptr<const OverlayTable> table) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(table));
    ++given_;
    waiting_count_.store(waiting_.size(), std::memory_order_release);
  }
  changed_.notify_all();
}

void RocksTableWriter::give(Checkpoint checkpoint) {
  {
    const std::lock_guard lock(mutex_);
    checkpoints_.emplace_back(given_, std::move(checkpoint));
  }
  changed_.notify_all();
}

void RocksTableWriter::reclaim() {
  {
    const std::lock_guard lock(mutex_);
    // Before the thread can see the order: it says false when it has carried it out.
    reclaiming_.store(true, std::memory_order_release);
    reclaim_after_ = given_;
  }
  changed_.notify_all();
}

void RocksTableWriter::wait_until_waiting(std::size_t count, std::chrono::milliseconds wait_max) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait_max, [this, count] { return waiting_.size() <= count; });
}

void RocksTableWriter::run(const std::stop_token& stop) {
  gms::model::run_in_background();
  while (const auto work = next(stop)) {
    if (const auto* table = std::get_if<Table>(&*work)) {
      write_at_last(**table, stop);
    } else if (const auto* checkpoint = std::get_if<Checkpoint>(&*work)) {
      make(*checkpoint);
    } else {
      reclaim_now(stop);
    }
  }
  refuse_checkpoints({ErrorCode::unavailable, "the store was closed"});
}

std::optional<RocksTableWriter::Work> RocksTableWriter::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] {
    return !waiting_.empty() || !checkpoints_.empty() || reclaim_after_.has_value();
  });
  if (stop.stop_requested()) return std::nullopt;
  if (!checkpoints_.empty() && checkpoints_.front().first <= written_) {
    Checkpoint checkpoint = std::move(checkpoints_.front().second);
    checkpoints_.pop_front();
    return checkpoint;
  }
  if (!reclaim_after_ || *reclaim_after_ > written_) return waiting_.front();
  reclaim_after_.reset();
  return Reclaim{};
}

void RocksTableWriter::write_at_last(const OverlayTable& table, const std::stop_token& stop) {
  wait_for_compaction(stop);
  while (!stop.stop_requested()) {
    const Status status = write(table);
    if (status.ok()) return done(table.applied().applied);
    watch_.failed(to_error(status));
    do {
      refuse_checkpoints(to_error(status));
      pause(stop, kRetryAfter);
    } while (!stop.stop_requested() && !has_room());
    // Takes back what the failure may have stopped inside RocksDB.
    (void)db_.Resume();
  }
}

Status RocksTableWriter::write(const OverlayTable& table) {
  // The name may still be that of a file which the database took before a crash: only the name may
  // go, opening it for writing would destroy the content.
  std::error_code error;
  std::filesystem::remove(file_, error);
  if (error) return Status::IOError("cannot remove " + file_ + ": " + error.message());
  if (Status status = write_file(table); !status.ok()) return status;
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.write_global_seqno = false;
  return db_.IngestExternalFile({file_}, options);
}

Status RocksTableWriter::write_file(const OverlayTable& table) const {
  const rocksdb::Options& options = settings_.options;
  rocksdb::SstFileWriter file(rocksdb::EnvOptions(options), options, nullptr,
                              /*invalidate_page_cache=*/false);
  Status status = file.Open(file_);
  // Its key is before those of all rows.
  if (status.ok()) status = add_applied(file, table.applied());
  for (const auto& [key, version] : table.rows()) {
    if (!status.ok()) return status;
    status =
        version.is_erased() ? file.Delete(slice(key)) : file.Put(slice(key), slice(version.row()));
  }
  return status.ok() ? file.Finish() : status;
}

void RocksTableWriter::done(Index upto) {
  watch_.recovered();
  std::shared_ptr<const OverlayTable> written;
  {
    const std::lock_guard lock(mutex_);
    written = std::move(waiting_.front());
    waiting_.pop_front();
    ++written_;
    durable_.store(upto.value(), std::memory_order_release);
    waiting_count_.store(waiting_.size(), std::memory_order_release);
  }
  changed_.notify_all();
}

void RocksTableWriter::make(const Checkpoint& checkpoint) {
  rocksdb::Checkpoint* maker = nullptr;
  Status status = rocksdb::Checkpoint::Create(&db_, &maker);
  const std::unique_ptr<rocksdb::Checkpoint> owner(maker);
  if (status.ok()) status = maker->CreateCheckpoint(checkpoint.directory);
  if (status.ok()) return checkpoint.done({});
  // It is made under another name first.
  std::error_code ignored;
  for (const char* suffix : {"", ".tmp"})
    std::filesystem::remove_all(checkpoint.directory + suffix, ignored);
  checkpoint.done(to_error(status));
}

void RocksTableWriter::reclaim_now(const std::stop_token& stop) {
  std::error_code failed;
  const auto space = std::filesystem::space(settings_.directory, failed);
  if (!failed) reclaim_room(db_, space.available, stop);
  reclaiming_.store(false, std::memory_order_release);
}

void RocksTableWriter::refuse_checkpoints(const gms::model::Error& why) {
  decltype(checkpoints_) refused;
  {
    const std::lock_guard lock(mutex_);
    refused.swap(checkpoints_);
  }
  for (const auto& [after, checkpoint] : refused) checkpoint.done(why);
}

void RocksTableWriter::pause(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex unshared;
  std::condition_variable_any never;
  std::unique_lock lock(unshared);
  never.wait_for(lock, stop, time, [] { return false; });
}

void RocksTableWriter::wait_for_compaction(const std::stop_token& stop) {
  std::string files;
  while (!stop.stop_requested() && db_.GetProperty("rocksdb.num-files-at-level0", &files) &&
         std::atoi(files.c_str()) >= kNewFilesMax)
    pause(stop, kCompactionWait);
}

bool RocksTableWriter::has_room() const {
  std::error_code error;
  const auto space = std::filesystem::space(settings_.directory, error);
  return !error && space.available >= settings_.bytes_needed;
}

}  // namespace kvstore::storage
