#pragma once

#include "kvstore/storage/chores.hpp"
#include "kvstore/storage/rocks_directories.hpp"
#include "kvstore/storage/rocks_store.hpp"
#include "kvstore/storage/state_exchange.hpp"

namespace kvstore::storage {

/// States of a RocksStore as the files of RocksDB checkpoints, each under a directory of its own.
///
/// Ownership: borrows the store and the directories, which outlive it. Its destructor waits for
/// what it has left to do.
class RocksExchange final : public StateExchange {
 public:
  RocksExchange(RocksStore& store, RocksDirectories& directories)
      : store_(store), directories_(directories) {}

  void take(OnSourceTaken taken) override;
  [[nodiscard]] gms::model::Result<std::unique_ptr<gms::model::StateSink>> receive(
      std::vector<gms::model::StatePart> parts) override;
  [[nodiscard]] gms::model::Result<void> restore(std::unique_ptr<gms::model::StateSink> staged,
                                                 gms::model::StateGeneration generation) override;
  void settle(gms::model::StateGeneration generation) override;

 private:
  RocksStore& store_;
  RocksDirectories& directories_;
  /// Closes databases that are not used any more, and removes their files after that.
  Chores chores_;
};

}  // namespace kvstore::storage
