#pragma once

#include <chrono>
#include <string>

#include "gms/model/result.hpp"
#include "kvstore/server/origin.hpp"

namespace kvstore::server {

/// A member as clients know it.
struct MemberContact {
  std::string name;
  /// `host:port` of its client port.
  std::string address;

  friend bool operator==(const MemberContact&, const MemberContact&) = default;
};

/// When to ask again: about as long as a full queue takes to be worked off, and as often as it is
/// worth looking whether a disk has room again.
inline constexpr std::chrono::milliseconds kRetryAfterLoad{20};
inline constexpr std::chrono::milliseconds kRetryAfterRoom{1000};

/// Makes replies of results. Borrows the port.
class Answers {
 public:
  explicit Answers(ReplyPort& port) : port_(port) {}

  void done(const Origin& origin, gms::model::ByteSpan body, gms::model::Index applied) {
    port_.reply(origin, {origin.request, std::nullopt, applied, {}, body});
  }

  /// `retry_after` goes with `busy` only.
  void failed(const Origin& origin, const gms::model::Error& error, gms::model::Index applied,
              const MemberContact& leader = {},
              std::chrono::milliseconds retry_after = kRetryAfterLoad) {
    port_.reply(origin, {origin.request,
                         error.code,
                         applied,
                         {leader.name, leader.address},
                         gms::model::as_bytes(error.detail),
                         retry_after});
  }

  [[nodiscard]] bool is_open(ConnectionKey connection) const { return port_.is_open(connection); }
  [[nodiscard]] bool has_room(ConnectionKey connection) const { return port_.has_room(connection); }

 private:
  ReplyPort& port_;
};

}  // namespace kvstore::server
