#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "gms/model/result.hpp"

namespace kvstore::storage {

/// What keeps a store from writing its memory out. Any thread.
class RocksWatch {
 public:
  void failed(gms::model::Error error);
  void recovered();
  /// The failure that is not recovered from.
  [[nodiscard]] std::optional<gms::model::Error> trouble() const;

 private:
  // Spares the store's thread the mutex while all is well.
  std::atomic<bool> is_troubled_{false};
  mutable std::mutex mutex_;
  std::optional<gms::model::Error> trouble_;
};

}  // namespace kvstore::storage
