#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "client/client.hpp"

namespace kvctl {

/// Makes many writes at a time, each exactly once however often the leader changes.
///
/// Writes in flight together may be executed in any order, so one of a key that is in flight waits
/// until the write before it is done: the last one stays. After a failure no more are begun. Thread
/// rule: one thread; it waits for the client's thread.
class WriteWindow {
 public:
  /// Hears of a write that is done: its key and what it did. On the client's thread, one at a time.
  using Done = std::function<void(const std::string& key, client::Outcome outcome)>;

  /// Each write may take as long as `deadline`.
  WriteWindow(client::Client& client, client::Deadline deadline, Done done)
      : client_(client), deadline_(deadline), done_(std::move(done)) {}
  /// Waits for the writes in flight.
  ~WriteWindow();
  WriteWindow(const WriteWindow&) = delete;
  WriteWindow& operator=(const WriteWindow&) = delete;

  /// Begins a write once there is room for it. Error: that of a write that failed before.
  [[nodiscard]] client::Result<void> put(const std::string& key, const std::string& value);
  [[nodiscard]] client::Result<void> erase(const std::string& key);

  /// Waits until no write is in flight. Error: that of a write that failed, first of all
  /// outcome_unknown.
  [[nodiscard]] client::Result<void> settle();
  /// What to tell once no write is in flight: that one of them may have been done rather than `why`
  /// nothing follows.
  [[nodiscard]] client::Error outcome_after(client::Error why);
  /// Whether a write was sent at all.
  [[nodiscard]] bool has_begun() const { return has_begun_; }

 private:
  static constexpr std::size_t kCallsMax = 512;
  static constexpr std::size_t kBytesMax = 16 * 1024 * 1024;

  [[nodiscard]] client::Result<void> wait_for_room(const std::string& key, std::size_t bytes);
  [[nodiscard]] client::WriteOptions options() const;
  /// What a write's end is told to.
  [[nodiscard]] auto on_end(const std::string& key, std::size_t bytes) {
    return [this, key, bytes](const client::Result<client::WriteReply>& reply) {
      ended(key, bytes, reply);
    };
  }
  void ended(const std::string& key, std::size_t bytes,
             const client::Result<client::WriteReply>& reply);
  /// The lock, once no write is in flight.
  [[nodiscard]] std::unique_lock<std::mutex> settled();

  client::Client& client_;
  client::Deadline deadline_;
  Done done_;
  bool has_begun_ = false;
  /// Of what follows, which the client's thread changes too.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_set<std::string> keys_in_flight_;
  std::size_t bytes_in_flight_ = 0;
  std::optional<client::Error> failure_;
};

}  // namespace kvctl
