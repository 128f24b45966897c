#pragma once

#include <chrono>

namespace kvctl {

/// While it lives, SIGINT and SIGTERM end no thread that is started after it, nor this one: they
/// are noticed in pause(). Make it before anything that starts threads, a client for one.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  enum class Woken { by_time, by_signal };
  /// Waits, until a signal comes at most.
  [[nodiscard]] Woken pause(std::chrono::milliseconds time) const;
};

}  // namespace kvctl
