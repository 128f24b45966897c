#pragma once

#include "client/types.hpp"

namespace client {

/// For tools that copy the whole state of a replica, as `kvctl snapshot save` does; no service has
/// a use for it. A range of this content has all that the replica holds, whatever its bounds, its
/// direction and its limit say. Its first entry, under an empty key, is the record that the state
/// machine keeps with its state. After that come the rows of keys and of sessions as they are
/// stored: each under its space (`k` or `s`) and its own key, and encoded.
inline constexpr RangeContent kReplicaRows{
    static_cast<std::uint8_t>(kvstore::api::RangeContent::rows)};

}  // namespace client
