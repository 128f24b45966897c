#pragma once

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"
#include "kvstore/api/query.hpp"
#include "kvstore/storage/store.hpp"

namespace kvstore::replica {

/// The rolling digest after one more command: `before` with where the command stood, what it was
/// and what came of it. Equal digests mean equal inputs and outcomes.
[[nodiscard]] api::Digest digest_command(api::Digest before, const gms::model::Position& position,
                                         gms::model::ByteSpan command, gms::model::ByteSpan reply);

/// The deep digest after one more row.
[[nodiscard]] api::Digest digest_row(api::Digest before, storage::Space space,
                                     const api::Pair& row);

}  // namespace kvstore::replica
