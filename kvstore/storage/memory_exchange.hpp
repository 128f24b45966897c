#pragma once

#include "kvstore/storage/memory_store.hpp"
#include "kvstore/storage/state_exchange.hpp"

namespace kvstore::storage {

/// States of a MemoryStore, each as one part with all of its rows. A state that is restored is
/// durable at once and replaces the one before: whoever wants to go back copies the image first.
///
/// Ownership: borrows the store, which outlives it.
class MemoryExchange final : public StateExchange {
 public:
  explicit MemoryExchange(MemoryStore& store) : store_(store) {}

  void take(OnSourceTaken taken) override;
  [[nodiscard]] gms::model::Result<std::unique_ptr<gms::model::StateSink>> receive(
      std::vector<gms::model::StatePart> parts) override;
  [[nodiscard]] gms::model::Result<void> restore(std::unique_ptr<gms::model::StateSink> staged,
                                                 gms::model::StateGeneration generation) override;
  void settle(gms::model::StateGeneration) override {}

 private:
  MemoryStore& store_;
};

}  // namespace kvstore::storage
