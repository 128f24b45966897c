#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace kvstore::storage {

/// Does in order, on a thread of its own, what takes long and nobody waits for.
///
/// Thread rule: any. The destructor returns when all is done.
class Chores {
 public:
  Chores();
  ~Chores();
  Chores(const Chores&) = delete;
  Chores& operator=(const Chores&) = delete;

  /// `chore` is called once and destroyed, both on the thread of the chores.
  template <class Chore>
  void add(Chore chore) {
    put(Work(std::move(chore)));
  }
  /// Returns when all that was added before is done. Not to be called by a chore.
  void wait();

 private:
  // Unlike std::function it holds what can only be moved.
  using Work = std::packaged_task<void()>;

  void put(Work work);
  void run() noexcept;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  bool stopping_ = false;
  // Last, so that it starts when all else is there.
  std::thread thread_;
};

}  // namespace kvstore::storage
