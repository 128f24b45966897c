#include "kvstore/server/session_expiry.hpp"

#include "kvstore/api/command.hpp"

namespace kvstore::server {
namespace {

/// Sessions may live this much too long, and no proposal is made more often.
constexpr gms::model::Duration kPace = std::chrono::seconds(5);

}  // namespace

std::optional<gms::model::Bytes> SessionExpiry::due(gms::model::Instant now,
                                                    gms::model::GroupClock clock,
                                                    std::optional<gms::model::GroupClock> oldest) {
  const auto ttl = static_cast<std::uint64_t>(ttl_.count());
  if (!oldest || clock.value() < ttl || *oldest >= clock - ttl) return std::nullopt;
  if (proposed_ && now < *proposed_ + kPace) return std::nullopt;
  proposed_ = now;
  gms::model::ByteWriter out;
  encode(api::Command(api::ExpireSessions{clock - ttl}), out);
  return out.take();
}

}  // namespace kvstore::server
