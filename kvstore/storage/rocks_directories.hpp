#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gms/model/ids.hpp"
#include "gms/model/state_transfer.hpp"
#include "kvstore/storage/chores.hpp"
#include "kvstore/storage/rocks_state_sink.hpp"
#include "kvstore/storage/state_exchange.hpp"

namespace kvstore::storage {

/// Where a data directory has the store of that generation: `state.N`.
[[nodiscard]] std::filesystem::path store_directory(const std::filesystem::path& data,
                                                    gms::model::StateGeneration generation);
/// Where a data directory has states on their way, once a member has started on it: `snap`.
[[nodiscard]] std::filesystem::path snapshots_directory(const std::filesystem::path& data);

/// Where a member's store lies in its data directory, as `state.N`, and under `snap/` what is on
/// its way: `out.N` to another member, `in.N` from one, `gone.N` to be removed. No name under
/// `snap/` is used twice in one process, so whatever is removed meanwhile is nothing new.
///
/// Thread rule: open() first, then any. Ownership: outlives the sources and sinks that come of it.
class RocksDirectories {
 public:
  struct Settings {
    std::filesystem::path data;
    /// Room on the disk that snapshots leave to others.
    std::uint64_t reserve_bytes = 0;
  };

  explicit RocksDirectories(const Settings& settings) : settings_(settings) {}

  /// Makes what is missing, durably, and removes all but the state of that generation: what a crash
  /// left of an unfinished change. Only the first generation is ever missing. Errors: io, busy,
  /// corrupt.
  [[nodiscard]] gms::model::Result<void> open(gms::model::StateGeneration generation);

  [[nodiscard]] std::filesystem::path store(gms::model::StateGeneration generation) const {
    return store_directory(settings_.data, generation);
  }

  /// Where the next checkpoint goes; it is not there yet.
  [[nodiscard]] std::filesystem::path next_outgoing();
  /// Gives away what lies there, to be read, once what a store begins with was read from it, on
  /// another thread; removed with what is given, or with an error. Errors: corrupt, io.
  void send(const std::filesystem::path& outgoing, OnSourceTaken taken);
  /// Returns when everybody to whom something is given is told. Nothing may be given meanwhile.
  void finish() { chores_.wait(); }
  /// Errors: busy (one is there, or no room), corrupt (the parts), io.
  [[nodiscard]] gms::model::Result<std::unique_ptr<gms::model::StateSink>> receive(
      std::vector<gms::model::StatePart> parts);
  /// Makes what has arrived the store of that generation, durably. Precondition: it is finished.
  /// Errors: io, busy.
  [[nodiscard]] gms::model::Result<void> put_in_place(RocksStateSink& arrived,
                                                      gms::model::StateGeneration generation);
  /// Removes the stores of older generations, and waits for it. What cannot be removed goes at the
  /// next open().
  void remove_before(gms::model::StateGeneration generation);

  /// Error: busy, unless the disk has so much room besides what is left to others.
  [[nodiscard]] gms::model::Result<void> check_room(std::uint64_t bytes) const;

 private:
  [[nodiscard]] std::filesystem::path snapshots() const {
    return snapshots_directory(settings_.data);
  }
  [[nodiscard]] std::filesystem::path next_name(const char* kind);
  /// Frees the name at once, and what it named later.
  [[nodiscard]] gms::model::Result<void> discard(const std::filesystem::path& directory);
  [[nodiscard]] gms::model::Result<void> discard_snapshots();
  [[nodiscard]] gms::model::Result<void> discard_stores_but(gms::model::StateGeneration generation);

  Settings settings_;
  std::atomic<std::uint64_t> last_number_{0};
  std::atomic<bool> is_receiving_{false};
  Chores chores_;
};

}  // namespace kvstore::storage
