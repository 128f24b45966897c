#include "client/call_inbox.hpp"

#include <utility>

namespace client {

CallInbox::~CallInbox() {
  take_all([](std::unique_ptr<PendingCall>) {});
}

CallInbox::Wake CallInbox::push(std::unique_ptr<PendingCall> call) {
  PendingCall* added = call.release();
  PendingCall* newest = newest_.load(std::memory_order_relaxed);
  do {
    added->next = newest;
  } while (!newest_.compare_exchange_weak(newest, added, std::memory_order_release,
                                          std::memory_order_relaxed));
  return newest == nullptr ? Wake::needed : Wake::under_way;
}

PendingCall* CallInbox::oldest_first(PendingCall* newest) {
  PendingCall* reversed = nullptr;
  while (newest != nullptr) {
    PendingCall* older = std::exchange(newest->next, reversed);
    reversed = newest;
    newest = older;
  }
  return reversed;
}

}  // namespace client
