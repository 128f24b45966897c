#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace gms::log {

/// Lets one thread wait until another wakes it. A wake() that comes first is not lost.
class Wakeup {
 public:
  /// Returns when woken.
  void wait() {
    std::unique_lock guard(mutex_);
    changed_.wait(guard, [this] { return woken_; });
    woken_ = false;
  }
  /// The same, but not for longer than that; whether it was woken.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds most) {
    std::unique_lock guard(mutex_);
    const bool woken = changed_.wait_for(guard, most, [this] { return woken_; });
    woken_ = false;
    return woken;
  }
  /// Any thread.
  void wake() {
    {
      const std::lock_guard guard(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace gms::log
