#include "kvstore/storage/rocks_watch.hpp"

#include <utility>

namespace kvstore::storage {

using gms::model::Error;

void RocksWatch::failed(Error error) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(error);
  is_troubled_ = true;
}

void RocksWatch::recovered() {
  if (!is_troubled_) return;
  const std::lock_guard lock(mutex_);
  trouble_.reset();
  is_troubled_ = false;
}

std::optional<Error> RocksWatch::trouble() const {
  if (!is_troubled_) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace kvstore::storage
