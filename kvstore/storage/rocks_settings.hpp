#pragma once

#include <rocksdb/options.h>

#include <memory>
#include <string_view>

#include "gms/model/result.hpp"
#include "kvstore/storage/rocks_store.hpp"
#include "kvstore/storage/rocks_watch.hpp"

namespace kvstore::storage {

/// The stored key of the applied record.
inline constexpr std::string_view kAppliedKey = "_/applied";

/// RocksDB's options for a store of this project; see the reasons there.
[[nodiscard]] rocksdb::Options rocks_options(const RocksOptions& options,
                                             std::shared_ptr<RocksWatch> watch);

/// What a failure of RocksDB means to a caller. Precondition: not ok.
[[nodiscard]] gms::model::Error to_error(const rocksdb::Status& status);
/// The same, of a read: what the disk cannot read is damaged as what it reads wrongly.
[[nodiscard]] gms::model::Error to_read_error(const rocksdb::Status& status);

}  // namespace kvstore::storage
