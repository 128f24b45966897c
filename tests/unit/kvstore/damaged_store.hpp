#pragma once

#include "kvstore/storage/memory_store.hpp"

namespace kvstore::storage {

/// A store whose rows cannot be read while `damaged` is set.
class DamagedStore final : public Store {
 public:
  explicit DamagedStore(MemoryStore& inner) : inner_(inner) {}

  gms::model::Result<void> apply(const ChangeSet& changes) override {
    return inner_.apply(changes);
  }
  gms::model::Result<std::optional<api::Revision>> get(Space space, gms::model::ByteSpan key,
                                                       gms::model::Bytes& value) const override {
    if (damaged) return gms::model::Error{gms::model::ErrorCode::corrupt, "block checksum"};
    return inner_.get(space, key, value);
  }
  std::unique_ptr<Snapshot> snapshot() const override { return inner_.snapshot(); }
  gms::model::Result<std::optional<AppliedRecord>> stored() const override {
    return inner_.stored();
  }
  gms::model::Index durable() const override { return inner_.durable(); }
  bool is_behind() const override { return inner_.is_behind(); }
  gms::model::Result<void> flush() override { return inner_.flush(); }
  std::optional<gms::model::Error> trouble() const override { return std::nullopt; }

  bool damaged = false;

 private:
  MemoryStore& inner_;
};

}  // namespace kvstore::storage
