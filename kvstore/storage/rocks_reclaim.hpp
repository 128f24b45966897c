#pragma once

#include <cstdint>
#include <stop_token>

namespace rocksdb {
class DB;
}

namespace kvstore::storage {

/// Writes the database's files anew without what was deleted and overwritten, if enough of that may
/// be in them, and if `available` is enough room for what is left and some more: the files go only
/// when the new ones are there. A failure changes nothing and is told by the database's listener.
/// Returns early when it is to stop. Any thread.
void reclaim_room(rocksdb::DB& db, std::uint64_t available, const std::stop_token& stop);

}  // namespace kvstore::storage
