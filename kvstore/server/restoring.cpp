#include "kvstore/server/restoring.hpp"

#include <filesystem>

#include "gms/group.hpp"
#include "gms/log/posix_file_system.hpp"
#include "gms/model/mark.hpp"
#include "kvstore/api/snapshot_file.hpp"
#include "kvstore/replica/applied_state.hpp"
#include "kvstore/server/data_directory.hpp"
#include "kvstore/storage/rocks_directories.hpp"
#include "kvstore/storage/rocks_store.hpp"

namespace kvstore::server {

using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Mark;
using gms::model::Result;
using storage::Space;
namespace fs = std::filesystem;

namespace {

/// A new member's.
constexpr gms::model::StateGeneration kFirstGeneration(1);

Result<Mark> mark_in(const api::SnapshotHead& head) {
  const auto state = replica::decode_applied_state(head.record);
  if (!state) return state.error();
  if (state->index != head.state || state->mark_index != head.state)
    return Error{ErrorCode::corrupt, "its record is of another state than its rows"};
  return gms::model::decode_mark(state->mark);
}

Result<storage::Change> change_of(const api::SnapshotRow& row) {
  const Space space = row.key.empty() ? Space() : static_cast<Space>(row.key.front());
  if (space != Space::data && space != Space::session)
    return Error{ErrorCode::corrupt, "a row of an unknown kind"};
  return storage::Change{space, row.key.subspan(1), row.row};
}

/// Reads the file to its end into `store`; how many rows that were.
Result<std::uint64_t> fill(api::SnapshotReader& reader, storage::RocksStore& store) {
  std::uint64_t rows = 0;
  storage::ChangeSet changes;
  changes.applied = reader.head().state;
  changes.record = reader.head().record;
  for (;;) {
    const auto chunk = reader.next();
    if (!chunk) return chunk.error();
    changes.changes.clear();
    for (const api::SnapshotRow& row : *chunk) {
      const auto change = change_of(row);
      if (!change) return change.error();
      changes.changes.push_back(*change);
    }
    if (auto applied = store.apply(changes); !applied) return applied.error();
    // The file may be read faster than its rows are written, and be larger than the memory.
    if (store.is_behind())
      if (auto flushed = store.flush(); !flushed) return flushed.error();
    rows += chunk->size();
    if (chunk->empty()) break;
  }
  if (auto flushed = store.flush(); !flushed) return flushed.error();
  return rows;
}

/// Makes the store of the new member; where in the stream it stands.
Result<Mark> make_store(const Settings& settings, api::SnapshotReader& reader,
                        std::uint64_t& rows) {
  auto mark = mark_in(reader.head());
  if (!mark) return mark.error();
  const fs::path place = storage::store_directory(settings.data, kFirstGeneration);
  std::error_code failed;
  fs::remove_all(place, failed);
  if (failed) return Error{ErrorCode::io, "cannot remove " + place.string()};
  const auto store = storage::RocksStore::open(place.string(), settings.storage);
  if (!store) return store.error();
  const auto filled = fill(reader, **store);
  if (!filled) return filled.error();
  rows = *filled;
  return mark;
}

Failure file_failure(const std::string& file, const Error& error) {
  const bool damaged = error.code == ErrorCode::corrupt;
  return {damaged ? ExitCode::integrity : ExitCode::directory, file + ": " + error.detail};
}

}  // namespace

std::optional<Failure> restore_directory(const Settings& settings, const std::string& file,
                                         std::ostream& out) {
  if (!settings.join.empty())
    return Failure{
        ExitCode::usage,
        "a group that begins with a snapshot is founded, not joined. Try: without --join; "
        "others join it, in empty directories"};
  gms::log::PosixFileSystem files;
  // Nothing is made for a file that is not there, or is no snapshot.
  auto reader = api::SnapshotReader::open(files, file);
  if (!reader && reader.error().code != ErrorCode::corrupt)
    return Failure{ExitCode::usage, "cannot read the snapshot: " + reader.error().detail};
  if (!reader) return file_failure(file, reader.error());
  if (auto failure = prepare_directory(settings)) return failure;
  std::uint64_t rows = 0;
  const auto mark = make_store(settings, *reader, rows);
  if (!mark) {
    // What there is of it is nobody's state; a member that is made here later begins with none.
    std::error_code ignored;
    fs::remove_all(storage::store_directory(settings.data, kFirstGeneration), ignored);
    return file_failure(file, mark.error());
  }
  if (auto synced = files.sync_directory(settings.data); !synced)
    return directory_failure(settings.data, synced.error());
  const auto made = gms::initialise_from(group_options(settings), *mark);
  if (!made && made.error().code == ErrorCode::invalid_argument)
    return Failure{ExitCode::usage, made.error().detail};
  if (!made) return directory_failure(settings.data, made.error());
  out << rows << " rows as of " << to_string(mark->head.position) << ". " << made->name
      << " is the only member of the new group " << to_string(made->group)
      << ". Start it:\n  kvd run --data " << settings.data << '\n';
  return std::nullopt;
}

}  // namespace kvstore::server
