#pragma once

#include <optional>

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"

namespace kvstore::server {

/// Decides when the leader proposes that idle sessions end. By the group's clock, which stands
/// still while nothing is ordered: sessions of a group that nobody writes to do not age.
class SessionExpiry {
 public:
  explicit SessionExpiry(gms::model::Duration ttl) : ttl_(ttl) {}

  /// The encoded ExpireSessions to propose now, if any. `oldest` is when the longest idle session
  /// made its last call. A proposal is given time to be applied before it is made again.
  [[nodiscard]] std::optional<gms::model::Bytes> due(gms::model::Instant now,
                                                     gms::model::GroupClock clock,
                                                     std::optional<gms::model::GroupClock> oldest);

 private:
  gms::model::Duration ttl_;
  std::optional<gms::model::Instant> proposed_;
};

}  // namespace kvstore::server
