#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <string>

#include "client/connection.hpp"
#include "client/pending_call.hpp"

namespace client {

/// Pauses that double.
class Pauses {
 public:
  constexpr Pauses(std::chrono::milliseconds first, std::chrono::milliseconds max)
      : first_(first), max_(max), next_(first) {}

  [[nodiscard]] std::chrono::milliseconds next() {
    return std::exchange(next_, std::min(2 * next_, max_));
  }
  void reset() { next_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds next_;
};

/// What a client knows of one member that it can talk to.
struct Endpoint {
  /// A member that was asked and has not answered anything for this long may be paused or cut off.
  static constexpr std::chrono::milliseconds kSilenceMax{300};

  Endpoint(std::size_t place, std::string client_address)
      : index(place), address(std::move(client_address)) {}

  [[nodiscard]] std::uint64_t bit() const { return std::uint64_t{1} << index; }
  /// As users know it.
  [[nodiscard]] const std::string& label() const { return name.empty() ? address : name; }
  [[nodiscard]] bool is_silent(Clock::time_point now) const {
    return outstanding > 0 && now - heard_at > kSilenceMax;
  }
  /// Whether it is worth asking for what only a leader does.
  [[nodiscard]] bool may_lead(Clock::time_point now) const {
    return in_group && ask_at <= now && !is_silent(now);
  }
  /// Time to ask for a sign of life: it may be holding requests, as members without a leader do.
  [[nodiscard]] bool is_to_be_probed(Clock::time_point now) const {
    return open && !probed && outstanding > 0 && now - heard_at > kSilenceMax / 2;
  }
  /// Nothing was asked of it, or is to be, that it has not answered.
  [[nodiscard]] bool is_idle() const { return outstanding == 0 && waiting.empty(); }
  [[nodiscard]] bool is_connecting() const { return connection != nullptr && !open; }
  /// It answered something.
  void heard(Clock::time_point now) {
    heard_at = now;
    probed = false;
    passed_over = false;
    if (outstanding > 0) --outstanding;
  }
  /// A request was sent to it.
  void asked(Clock::time_point now) {
    if (outstanding++ == 0) heard_at = now;
  }

  /// Its place. Another one may have it afterwards.
  std::size_t index;
  std::string address;
  /// From its Welcome or a view.
  std::string name;
  /// It stands in the client's options.
  bool given = false;
  /// It is one of the newest view that is known.
  bool voter = false;

  /// Open or being opened; null otherwise.
  std::shared_ptr<Connection> connection;
  bool open = false;
  /// It is open to a member of the client's group; else that had joined none.
  bool in_group = false;
  /// Why there is no open connection to a member of the group.
  std::string failure = "no answer yet";
  /// Not before this is it connected to again.
  Clock::time_point connect_at;
  Pauses connect_pauses{std::chrono::milliseconds(10), std::chrono::milliseconds(500)};

  /// It said that it does not lead: not before this is it asked again.
  Clock::time_point ask_at;
  Pauses ask_pauses{std::chrono::milliseconds(1), std::chrono::milliseconds(50)};

  /// Requests without a reply, and when it last gave one, or was asked after all were answered.
  std::size_t outstanding = 0;
  Clock::time_point heard_at;
  /// Since then it was asked for a sign of life.
  bool probed = false;
  /// Since then what any member may answer was asked of others.
  bool passed_over = false;

  /// Calls for this member alone that wait for its connection.
  std::deque<kvstore::api::RequestId> waiting;
};

}  // namespace client
