#pragma once

#include <cstdint>

#include "kvstore/api/client_protocol.hpp"

namespace kvstore::server {

/// Names a connection: its place in a table, and which of those that had the place. The zero key
/// names none.
struct ConnectionKey {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  friend bool operator==(const ConnectionKey&, const ConnectionKey&) = default;
};

/// Where a reply has to go, and how many bytes of requests are done with then.
struct Origin {
  ConnectionKey connection;
  std::uint32_t bytes = 0;
  api::RequestId request;

  friend bool operator==(const Origin&, const Origin&) = default;
};

/// Takes replies to their clients.
class ReplyPort {
 public:
  virtual ~ReplyPort() = default;
  /// Queues the reply; a client that is gone gets none, but until then its request counts as one
  /// that is under way. The reply's id is the origin's.
  virtual void reply(const Origin& origin, const api::Reply& reply) = 0;
  /// Whether the client is still there.
  [[nodiscard]] virtual bool is_open(ConnectionKey connection) const = 0;
  /// Whether there is room to queue a reply of any size for the client.
  [[nodiscard]] virtual bool has_room(ConnectionKey connection) const = 0;
};

}  // namespace kvstore::server
