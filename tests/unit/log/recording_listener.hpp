#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "gms/model/log.hpp"

namespace gms::log {

/// Writes down what a log says, and lets a test wait for it.
class RecordingListener final : public model::LogListener {
 public:
  struct Heard {
    std::vector<model::PersistSeq> durable;
    std::vector<model::ReadAnswer> answers;
    /// How many answers there were at each call of on_durable().
    std::vector<std::size_t> answers_at_durable;
    std::vector<model::StorageHealth> health;
    std::vector<model::Error> failures;
  };

  void on_durable(model::PersistSeq seq) override {
    note([&] {
      heard_.durable.push_back(seq);
      heard_.answers_at_durable.push_back(heard_.answers.size());
    });
    std::unique_lock guard(mutex_);
    changed_.wait(guard, [this] { return !held_; });
  }
  void on_read(model::ReadAnswer answer) override {
    note([&] { heard_.answers.push_back(std::move(answer)); });
    if (on_answer) std::exchange(on_answer, nullptr)();
  }
  void on_health(model::StorageHealth health) override {
    note([&] { heard_.health.push_back(health); });
  }
  void on_failure(model::Error error) override {
    note([&] { heard_.failures.push_back(std::move(error)); });
  }

  /// Called with the next answer. To be set before anything is asked for.
  std::function<void()> on_answer;

  [[nodiscard]] Heard heard() const {
    const std::lock_guard guard(mutex_);
    return heard_;
  }
  /// Waits until `holds(heard)`; false when it does not within a time that is long for a test.
  template <class Condition>
  [[nodiscard]] bool wait_until(Condition holds) {
    std::unique_lock guard(mutex_);
    return changed_.wait_for(guard, std::chrono::seconds(20), [&] { return holds(heard_); });
  }
  [[nodiscard]] bool wait_until_durable(std::uint64_t seq) {
    return wait_until([seq](const Heard& heard) {
      return !heard.durable.empty() && heard.durable.back().value() >= seq;
    });
  }

  /// The next on_durable() does not return before release().
  void hold() {
    const std::lock_guard guard(mutex_);
    held_ = true;
  }
  void release() {
    {
      const std::lock_guard guard(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }

 private:
  template <class Note>
  void note(Note note) {
    {
      const std::lock_guard guard(mutex_);
      note();
    }
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Heard heard_;
  bool held_ = false;
};

}  // namespace gms::log
