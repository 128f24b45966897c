#pragma once

#include <cstddef>
#include <optional>

#include "gms/core/input.hpp"

namespace gms::net {

/// What a change of a peer's links means to the engine, in this order.
struct PresenceNews {
  std::optional<core::PeerDisconnected> disconnected;
  std::optional<core::PeerDown> down;
  std::optional<core::PeerConnected> connected;
};

/// Concludes from the links of one peer whether its process is there, gone for now, or dead.
///
/// A boot is reported down only when its inbound links have ended, so after every message received
/// on them, and when an attempt to connect that was made since found that nobody listens [DC7].
class Presence {
 public:
  explicit Presence(model::MemberId member) : member_(member) {}

  /// The latest boot that was heard of.
  [[nodiscard]] model::BootSeq boot() const { return boot_; }
  [[nodiscard]] std::size_t inbound_open() const { return inbound_; }

  // A handshake of that boot succeeded. Precondition: it is at least boot(). With a later boot all
  // links of the earlier ones count as closed.
  [[nodiscard]] PresenceNews outbound_opened(model::BootSeq boot);
  [[nodiscard]] PresenceNews inbound_opened(model::BootSeq boot);

  [[nodiscard]] PresenceNews outbound_closed();
  /// An inbound link of `boot` ended, and everything received on it was handed on.
  [[nodiscard]] PresenceNews inbound_closed(model::BootSeq boot);
  /// An attempt to connect was refused, or reset before a welcome: nobody listens there.
  [[nodiscard]] PresenceNews nobody_listens();

 private:
  void notice(model::BootSeq boot);
  [[nodiscard]] PresenceNews connected();
  void lose(PresenceNews& news);
  void conclude(PresenceNews& news);

  model::MemberId member_;
  model::BootSeq boot_;
  bool outbound_open_ = false;
  std::size_t inbound_ = 0;
  bool nobody_listens_ = false;
  bool reported_connected_ = false;
  bool reported_down_ = false;
};

}  // namespace gms::net
