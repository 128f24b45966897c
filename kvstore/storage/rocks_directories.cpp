#include "kvstore/storage/rocks_directories.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "gms/model/assert.hpp"
#include "kvstore/storage/rocks_state_source.hpp"
#include "kvstore/storage/rocks_store.hpp"

namespace kvstore::storage {

using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;
using gms::model::StateGeneration;
using gms::model::StatePart;
using gms::model::StateSink;
using gms::model::StateSource;
namespace fs = std::filesystem;

namespace {

/// A new member's, whose store is made by its first start. Others come by put_in_place().
constexpr StateGeneration kFirstGeneration{1};

/// The number of a directory `prefix` + number.
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

Result<std::vector<fs::path>> list(const fs::path& directory) {
  std::vector<fs::path> out;
  std::error_code failed;
  for (fs::directory_iterator at(directory, failed), end; !failed && at != end;
       at.increment(failed))
    out.push_back(at->path());
  if (failed) return file_error("list", directory, failed);
  return out;
}

std::optional<StateGeneration> generation_of(const fs::path& directory) {
  const auto number = number_of(directory.filename().string(), "state.");
  if (!number) return std::nullopt;
  return StateGeneration(*number);
}

Result<void> make(const fs::path& directory) {
  std::error_code failed;
  fs::create_directory(directory, failed);
  if (failed) return file_error("make", directory, failed);
  return {};
}

}  // namespace

fs::path store_directory(const fs::path& data, StateGeneration generation) {
  return data / ("state." + std::to_string(generation.value()));
}

fs::path snapshots_directory(const fs::path& data) {
  return data / "snap";
}

Result<void> RocksDirectories::open(StateGeneration generation) {
  std::error_code ignored;
  if (generation > kFirstGeneration && !fs::is_directory(store(generation), ignored))
    return Error{ErrorCode::corrupt, "its store is missing: " + store(generation).string()};
  if (auto made = make(snapshots()); !made) return made;
  if (auto discarded = discard_snapshots(); !discarded) return discarded;
  if (auto discarded = discard_stores_but(generation); !discarded) return discarded;
  if (auto made = make(store(generation)); !made) return made;
  return sync_directory(settings_.data);
}

fs::path RocksDirectories::next_outgoing() {
  return next_name("out.");
}

void RocksDirectories::send(const fs::path& outgoing, OnSourceTaken taken) {
  chores_.add([this, outgoing, taken = std::move(taken)] {
    auto source = RocksStateSource::open(outgoing, chores_);
    if (!source) return taken(source.error());
    // Damage there would end whoever goes over to it, and each one that does. Damage elsewhere is
    // found by whoever reads it, and mended.
    if (auto sound = RocksStore::check_beginning(outgoing.string()); !sound)
      return taken(sound.error());
    taken(std::move(source));
  });
}

Result<std::unique_ptr<StateSink>> RocksDirectories::receive(std::vector<StatePart> parts) {
  if (is_receiving_) return Error{ErrorCode::busy, "another state is being received"};
  if (auto checked = check_parts(parts); !checked) return checked.error();
  if (auto room = check_room(total_bytes(parts)); !room) return room.error();
  return RocksStateSink::open({next_name("in."), chores_, is_receiving_}, std::move(parts));
}

Result<void> RocksDirectories::put_in_place(RocksStateSink& arrived, StateGeneration generation) {
  GMS_ASSERT(arrived.is_finished(), "a state is staged before it is installed");
  const fs::path place = store(generation);
  std::error_code failed;
  if (fs::exists(place, failed))
    if (auto discarded = discard(place); !discarded) return discarded;
  fs::rename(arrived.directory(), place, failed);
  if (failed) return file_error("rename", arrived.directory(), failed);
  arrived.release();
  if (auto synced = sync_directory(settings_.data); !synced) return synced;
  return sync_directory(snapshots());
}

void RocksDirectories::remove_before(StateGeneration generation) {
  const auto found = list(settings_.data);
  if (!found) return;
  std::error_code ignored;
  for (const fs::path& path : *found) {
    const auto its_own = generation_of(path);
    if (its_own && *its_own < generation) fs::remove_all(path, ignored);
  }
}

Result<void> RocksDirectories::check_room(std::uint64_t bytes) const {
  std::error_code failed;
  const fs::space_info space = fs::space(settings_.data, failed);
  if (failed) return file_error("look at the room for", settings_.data, failed);
  if (space.available >= settings_.reserve_bytes &&
      space.available - settings_.reserve_bytes >= bytes)
    return {};
  return Error{ErrorCode::busy, "the disk has no room for a snapshot of " + std::to_string(bytes) +
                                    " bytes: " + std::to_string(space.available) + " are left"};
}

fs::path RocksDirectories::next_name(const char* kind) {
  return snapshots() / (kind + std::to_string(++last_number_));
}

Result<void> RocksDirectories::discard(const fs::path& directory) {
  const fs::path to = next_name("gone.");
  std::error_code failed;
  fs::rename(directory, to, failed);
  if (failed) return file_error("rename", directory, failed);
  remove_later(chores_, to);
  return {};
}

Result<void> RocksDirectories::discard_snapshots() {
  const auto found = list(snapshots());
  if (!found) return found.error();
  for (const fs::path& path : *found) {
    const std::string name = path.filename().string();
    for (const char* kind : {"in.", "out.", "gone."})
      if (const auto number = number_of(name, kind))
        last_number_ = std::max(last_number_.load(), *number);
  }
  for (const fs::path& path : *found) remove_later(chores_, path);
  return {};
}

Result<void> RocksDirectories::discard_stores_but(StateGeneration generation) {
  const auto found = list(settings_.data);
  if (!found) return found.error();
  for (const fs::path& path : *found) {
    const auto its_own = generation_of(path);
    if (!its_own || *its_own == generation) continue;
    if (auto discarded = discard(path); !discarded) return discarded;
  }
  return {};
}

}  // namespace kvstore::storage
