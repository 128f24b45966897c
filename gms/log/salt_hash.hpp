#pragma once

#include "gms/log/log_ids.hpp"
#include "gms/model/entry_run.hpp"

namespace gms::log {

/// The salt of a log of `generation` that begins after `base`, in place of one with the salt `old`:
/// a hash of the three. Who does not know the old one cannot tell it.
[[nodiscard]] LogSalt next_salt(LogSalt old, Generation generation, const model::ChainHead& base);

}  // namespace gms::log
