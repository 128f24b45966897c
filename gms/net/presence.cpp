#include "gms/net/presence.hpp"

#include "gms/model/assert.hpp"

namespace gms::net {

void Presence::notice(model::BootSeq boot) {
  GMS_ASSERT(boot >= boot_, "C9");
  nobody_listens_ = false;
  if (boot == boot_) return;
  boot_ = boot;
  inbound_ = 0;
  reported_connected_ = false;
  reported_down_ = false;
}

PresenceNews Presence::connected() {
  PresenceNews news;
  if (!reported_connected_) news.connected = core::PeerConnected{member_, boot_};
  reported_connected_ = true;
  reported_down_ = false;
  return news;
}

PresenceNews Presence::outbound_opened(model::BootSeq boot) {
  notice(boot);
  outbound_open_ = true;
  return connected();
}

PresenceNews Presence::inbound_opened(model::BootSeq boot) {
  notice(boot);
  ++inbound_;
  return connected();
}

void Presence::lose(PresenceNews& news) {
  if (reported_connected_) news.disconnected = core::PeerDisconnected{member_};
  reported_connected_ = false;
}

void Presence::conclude(PresenceNews& news) {
  const bool known = boot_ != model::BootSeq();
  if (!known || reported_down_ || !nobody_listens_ || outbound_open_ || inbound_ > 0) return;
  news.down = core::PeerDown{member_, boot_};
  reported_down_ = true;
}

PresenceNews Presence::outbound_closed() {
  PresenceNews news;
  outbound_open_ = false;
  lose(news);
  return news;
}

PresenceNews Presence::inbound_closed(model::BootSeq boot) {
  PresenceNews news;
  if (boot != boot_) return news;
  GMS_ASSERT(inbound_ > 0, "DC7");
  --inbound_;
  if (inbound_ == 0 && !outbound_open_) lose(news);
  conclude(news);
  return news;
}

PresenceNews Presence::nobody_listens() {
  PresenceNews news;
  nobody_listens_ = true;
  conclude(news);
  return news;
}

}  // namespace gms::net
