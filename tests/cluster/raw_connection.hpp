#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "gms/model/bytes.hpp"

namespace tests::cluster {

/// A connection over which a test sends whatever bytes it likes. One thread.
class RawConnection {
 public:
  /// Connects to a port of this machine; throws when nobody listens there.
  explicit RawConnection(int port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// Sends as much as the other end takes.
  void send(gms::model::ByteSpan bytes) const;
  /// Says that nothing more is sent.
  void end_sending() const;
  /// Waits until there is something to read, and takes it; nothing when there is not by then.
  [[nodiscard]] gms::model::Bytes receive(std::chrono::milliseconds limit) const;
  /// Waits until the other end has closed; false when it has not by then.
  [[nodiscard]] bool is_dropped(std::chrono::milliseconds limit) const;

 private:
  int socket_ = -1;
};

}  // namespace tests::cluster
