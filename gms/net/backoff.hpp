#pragma once

#include <chrono>
#include <cstdint>

namespace gms::net {

/// How long to wait between attempts to connect.
struct BackoffSettings {
  /// So many attempts after a close come at once: a crash is noticed by being refused, and a peer
  /// whose connection only broke is back without a pause.
  unsigned immediate_attempts = 3;
  std::chrono::milliseconds first{20};
  std::chrono::milliseconds max{1000};
};

/// The pauses before attempts to connect: none for the first few, then doubling, each shortened at
/// random by up to half so that peers do not knock in step.
class Backoff {
 public:
  Backoff(BackoffSettings settings, std::uint64_t seed)
      : settings_(settings), pause_(settings.first), random_(seed) {}

  /// The pause before the next attempt.
  [[nodiscard]] std::chrono::milliseconds next();
  /// After success: the next attempts come at once again.
  void reset();

 private:
  BackoffSettings settings_;
  unsigned attempts_ = 0;
  std::chrono::milliseconds pause_;
  std::uint64_t random_;
};

}  // namespace gms::net
