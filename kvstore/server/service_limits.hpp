#pragma once

#include <cstddef>

#include "gms/model/ids.hpp"
#include "kvstore/api/limits.hpp"

namespace kvstore::server {

/// What one server takes on for its clients. Past a limit a client is told `busy`, is not read from
/// for a while, or is disconnected; the group's own traffic never waits for any of it.
struct ServiceLimits {
  /// Clients at a time; one more is told `busy` and disconnected.
  std::size_t connections_max = 1024;
  /// Requests that one connection has under way, and bytes of them; it is not read from past them.
  std::size_t connection_requests_max = 4096;
  std::size_t connection_bytes_max = 32 * 1024 * 1024;
  /// The same of all connections; past it requests are answered `busy`.
  std::size_t requests_max = 65536;
  std::size_t request_bytes_max = 256 * 1024 * 1024;
  /// Requests that are taken in one turn of the event loop, and reads that are served of those that
  /// waited for the leader's word; who has sent more waits for its next turn, before which the
  /// group's own traffic has its own.
  std::size_t turn_requests_max = 4096;
  /// Bytes that are read in one turn, from all connections, but for the end of one read.
  std::size_t turn_request_bytes_max = 1024 * 1024;
  /// Bytes of replies to reads that are made in one turn; the other reads wait for the next.
  std::size_t turn_reply_bytes_max = 4 * 1024 * 1024;
  /// Bytes of replies that a client has not taken. Past a quarter it is not read from, past a half
  /// its reads are answered `busy`, past all it is disconnected.
  std::size_t reply_bytes_max = 64 * 1024 * 1024;
  /// The same of all clients. Past a half only clients that have taken all of theirs are read for,
  /// past all of it nobody is, and those that have taken least are disconnected.
  std::size_t all_reply_bytes_max = 256 * 1024 * 1024;
  /// A client that has replies to take and takes nothing for so long is disconnected.
  gms::model::Duration reply_time_max = std::chrono::seconds(30);
  /// Requests, and bytes of them, that wait for a leader to be known or a revision to be applied.
  std::size_t held_requests_max = 65536;
  std::size_t held_bytes_max = 64 * 1024 * 1024;
  /// The longest such wait, of a request whose client set no shorter one.
  gms::model::Duration hold_time_max = std::chrono::seconds(30);
  /// A client says Hello within this time of connecting.
  gms::model::Duration handshake_time_max = std::chrono::seconds(5);
  /// Idle sessions live this long by the group's clock.
  gms::model::Duration session_ttl = api::kSessionTtlDefault;
  /// Events that a member remembers.
  std::size_t events_max = 1024;
};

}  // namespace kvstore::server
