#pragma once

#include "gms/model/ids.hpp"

namespace gms::model {

/// What an application makes of all that it was delivered up to `index`, and of what came of it.
struct StateSample {
  /// Of the newest message that is in the digest.
  Index index;
  StateDigest digest;

  friend bool operator==(const StateSample&, const StateSample&) = default;
};

}  // namespace gms::model
