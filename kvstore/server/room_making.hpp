#pragma once

#include <optional>

#include "gms/model/ids.hpp"

namespace kvstore::server {

/// Decides when the store sets room free: time and again while the disk has little, with rests that
/// are long beside the work.
class RoomMaking {
 public:
  struct Facts {
    bool lacks_room = false;
    /// What was begun is not done.
    bool under_way = false;
  };

  /// Whether to begin now; the caller does so then.
  [[nodiscard]] bool due(gms::model::Instant now, const Facts& facts);

 private:
  std::optional<gms::model::Instant> began_;
  gms::model::Instant rests_until_{};
};

}  // namespace kvstore::server
