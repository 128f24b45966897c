#pragma once

#include <optional>

#include "gms/model/ids.hpp"

namespace kvstore::server {

/// Decides when a leader whose store cannot write hands over, since it takes no writes: after some
/// seconds, in which that may pass, and then again and again, to others in turn. That a disk has no
/// room is seen to by the group.
class StepAside {
 public:
  struct Facts {
    bool leads = false;
    /// The store cannot write, for another reason than room.
    bool in_trouble = false;
  };

  /// Whether to hand over now; the caller does so then.
  [[nodiscard]] bool due(gms::model::Instant now, const Facts& facts);

 private:
  std::optional<gms::model::Instant> since_;
};

}  // namespace kvstore::server
