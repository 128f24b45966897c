#include "kvstore/storage/chores.hpp"

#include "gms/model/background.hpp"

namespace kvstore::storage {

Chores::Chores() : thread_([this] { run(); }) {}

Chores::~Chores() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Chores::put(Work work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  changed_.notify_all();
}

void Chores::wait() {
  std::promise<void> done;
  auto is_done = done.get_future();
  add([done = std::move(done)]() mutable { done.set_value(); });
  is_done.wait();
}

void Chores::run() noexcept {
  gms::model::run_in_background();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    auto outcome = work.get_future();
    work();
    // Nobody would hear of what it throws, and somebody may wait for what it did not do.
    outcome.get();
    // What it held goes here, not under the lock.
    work = Work();
    lock.lock();
  }
}

}  // namespace kvstore::storage
