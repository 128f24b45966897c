#pragma once

#include <atomic>
#include <memory>

#include "client/pending_call.hpp"

namespace client {

/// Brings calls from any thread to the one that serves them, without a lock: many producers, one
/// consumer. Calls of one thread keep their order.
class CallInbox {
 public:
  CallInbox() = default;
  ~CallInbox();
  CallInbox(const CallInbox&) = delete;
  CallInbox& operator=(const CallInbox&) = delete;

  /// Whether the consumer has to be woken: true for the first call since it took all.
  enum class Wake : std::uint8_t { needed, under_way };

  /// Any thread.
  [[nodiscard]] Wake push(std::unique_ptr<PendingCall> call);

  /// Hands every call that came since the last time to `take`, in order. The consumer's thread.
  template <class Take>
  void take_all(Take take) {
    PendingCall* call = oldest_first(newest_.exchange(nullptr, std::memory_order_acquire));
    while (call != nullptr) {
      std::unique_ptr<PendingCall> taken(call);
      call = std::exchange(call->next, nullptr);
      take(std::move(taken));
    }
  }

 private:
  [[nodiscard]] static PendingCall* oldest_first(PendingCall* newest);

  std::atomic<PendingCall*> newest_{nullptr};
};

}  // namespace client
