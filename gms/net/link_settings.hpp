#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "gms/model/ids.hpp"
#include "gms/net/backoff.hpp"

namespace gms::net {

/// Who this member is to its peers, and the limits of its links.
struct LinkSettings {
  /// None for a joiner that knows no group yet.
  model::GroupId group;
  model::MemberId self;
  model::BootSeq boot;
  /// Where other members reach this one.
  std::string advertised_address;
  std::uint64_t seed = 0;

  BackoffSettings backoff;
  /// After a connection that stood for so long attempts come at once again. A peer that lets this
  /// member in and closes is not knocked at without a pause.
  std::chrono::milliseconds good_after{100};
  /// For connecting and both frames of the handshake together, but not for looking up a name.
  std::chrono::milliseconds handshake_deadline{2000};
  /// Within this time of its beginning some frame of an inbound connection has to end. A length
  /// that arrived damaged would otherwise be waited for, over a link that looks well.
  std::chrono::milliseconds frame_deadline{20'000};
  /// Bytes that wait to be written to one peer; past it the connection is dropped and made anew.
  /// More than the window of a leader to one follower.
  std::size_t send_queue_bytes_max = 64 * 1024 * 1024;
  /// Inbound connections at a time, finished handshakes or not; further ones wait to be accepted.
  std::size_t inbound_max = 128;
  /// Inbound connections of one member; the oldest makes room.
  std::size_t inbound_per_member_max = 4;
  /// A link to somebody who is not to be known is closed when it was not used for so long.
  std::chrono::seconds unused_after{10};
};

}  // namespace gms::net
