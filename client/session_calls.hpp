#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "kvstore/api/types.hpp"

namespace client {

/// The numbers of one session's writes: each is used once, and the acknowledged ones are all those
/// up to the first that is not finished [C16].
class SessionCalls {
 public:
  [[nodiscard]] bool is_open() const { return id_ != kvstore::api::SessionId(); }
  [[nodiscard]] kvstore::api::SessionId id() const { return id_; }

  /// Starts over in another session.
  void open(kvstore::api::SessionId id);
  /// Forgets the session: it has expired.
  void close() { open({}); }

  /// Numbers given out from the first unfinished one on.
  [[nodiscard]] std::size_t in_flight() const { return finished_.size(); }
  /// Whether another call may be under way, of `max` at a time or of those that the session has
  /// room for.
  [[nodiscard]] bool has_room(std::size_t max) const {
    return in_flight() < (max < window_ ? max : window_);
  }
  /// The session had no room for one of the calls. Half as many may be under way at a time from now
  /// on, and one more each time that so many are finished: what halts the growth is the next such
  /// answer.
  void narrow();
  /// A new number. Precondition: open.
  [[nodiscard]] kvstore::api::CallNumber take();
  /// The call will not be repeated: it was answered, or given up. Precondition: was taken, and not
  /// finished before.
  void finish(kvstore::api::CallNumber number);
  /// The client has done with all calls up to here.
  [[nodiscard]] kvstore::api::CallNumber acknowledged() const { return acknowledged_; }

 private:
  /// As long as the session has had room for all.
  static constexpr std::size_t kNoWindow = SIZE_MAX;

  kvstore::api::SessionId id_;
  kvstore::api::CallNumber acknowledged_;
  /// Of acknowledged_ + 1 and those after it, up to the last number taken.
  std::deque<bool> finished_;
  std::size_t window_ = kNoWindow;
  /// Calls finished since the window grew last.
  std::size_t finished_in_window_ = 0;
};

}  // namespace client
