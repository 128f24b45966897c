#include "kvstore/server/room_making.hpp"

#include <algorithm>

namespace kvstore::server {
namespace {

constexpr gms::model::Duration kRestMin = std::chrono::seconds(1);
/// A rest, as a multiple of the work before it.
constexpr int kRestPerWork = 10;

}  // namespace

bool RoomMaking::due(gms::model::Instant now, const Facts& facts) {
  if (facts.under_way) return false;
  if (began_) {
    rests_until_ = now + std::max(kRestMin, kRestPerWork * (now - *began_));
    began_.reset();
  }
  if (!facts.lacks_room || now < rests_until_) return false;
  began_ = now;
  return true;
}

}  // namespace kvstore::server
