#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace gms::log {

/// A queue without locks whose one consumer takes everything at once, and whose producers learn
/// when it sleeps: only then it has to be woken.
///
/// Thread rule: push() on any thread; take_all(), fall_asleep() and wake() on the consumer's.
template <class T>
class WorkQueue {
 public:
  enum class Consumer { awake, asleep };

  WorkQueue() = default;
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  ~WorkQueue() { take_all(); }

  /// Adds an item. `asleep` to exactly one push() after each fall_asleep(): that caller wakes the
  /// consumer.
  Consumer push(T item) {
    auto link = std::make_unique<Link>(Link{std::move(item), nullptr});
    Link* newest = newest_.load(std::memory_order_relaxed);
    do {
      link->older = newest == asleep() ? nullptr : newest;
    } while (!newest_.compare_exchange_weak(newest, link.get(), std::memory_order_acq_rel,
                                            std::memory_order_relaxed));
    link.release();
    return newest == asleep() ? Consumer::asleep : Consumer::awake;
  }

  /// All items, in the order of their push(). Precondition: the consumer is awake.
  std::vector<T> take_all() {
    Link* link = newest_.exchange(nullptr, std::memory_order_acquire);
    std::vector<T> items;
    if (link == asleep()) return items;
    while (link != nullptr) {
      const std::unique_ptr<Link> owned(link);
      items.push_back(std::move(owned->item));
      link = owned->older;
    }
    std::reverse(items.begin(), items.end());
    return items;
  }

  /// From now on the next push() says `asleep`. False, and nothing changes, when there are items.
  [[nodiscard]] bool fall_asleep() {
    Link* expected = nullptr;
    return newest_.compare_exchange_strong(expected, asleep(), std::memory_order_acq_rel,
                                           std::memory_order_relaxed);
  }
  /// Takes fall_asleep() back. False when a push() has said `asleep` meanwhile.
  [[nodiscard]] bool wake() {
    Link* expected = asleep();
    return newest_.compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel,
                                           std::memory_order_relaxed);
  }

 private:
  struct Link {
    T item;
    Link* older;
  };

  /// Stands for an empty queue whose consumer sleeps; never followed.
  [[nodiscard]] Link* asleep() { return reinterpret_cast<Link*>(this); }

  std::atomic<Link*> newest_ = nullptr;
};

}  // namespace gms::log
