#pragma once

#include <algorithm>
#include <vector>

#include "gms/model/assert.hpp"
#include "gms/model/ids.hpp"
#include "tests/simulation/random.hpp"

namespace tests::simulation {

/// A machine of the simulated cluster: a place for a data directory and a process. Counted from 0.
using Machine = std::uint32_t;
inline constexpr Machine kMachinesMax = 9;

enum class EventKind : std::uint8_t {
  message,           ///< `argument`: the letter.
  log_done,          ///< The sync under way ends.
  log_read,          ///< A read of the log ends.
  tick,              ///< The process's next deadline.
  apply,             ///< The application takes what was delivered.
  state_taken,       ///< The application's state is taken.
  fetch_step,        ///< `argument`: the step. More of another machine's state arrives.
  state_gone,        ///< The oldest state that others may fetch is given up.
  restart,           ///< The machine's process starts.
  link_up,           ///< `argument`: the other end.
  link_down,         ///< `argument`: the other end.
  peer_down,         ///< `argument`: the machine where nobody listens any more.
  client_next,       ///< `argument`: the client begins a call.
  client_request,    ///< `argument`: a request reaches a machine.
  client_reply,      ///< `argument`: a reply reaches its client.
  client_timeout,    ///< `argument`: the client.
  member_multicast,  ///< The machine's application multicasts.
  flush,             ///< The application's state becomes durable.
  admin,             ///< An operator acts.
  fault,             ///< The next fault strikes.
  fault_over,        ///< `argument`: the fault that ends.
  graveyard,         ///< An old message comes back.
};
inline constexpr std::size_t kEventKinds = static_cast<std::size_t>(EventKind::graveyard) + 1;

/// Something that will happen.
struct Event {
  VirtualTime at{};
  /// Breaks ties: events of one moment happen in the order in which they were planned.
  std::uint64_t order = 0;
  /// Guards against what no longer holds: the boot or the attempt that the event is for.
  std::uint64_t guard = 0;
  std::uint32_t argument = 0;
  Machine machine = 0;
  EventKind kind = EventKind::tick;
};

/// What is to happen, by time. One thread.
class EventQueue {
 public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] VirtualTime next_at() const { return heap_.front().at; }

  void plan(Event event) {
    event.order = ++order_;
    heap_.push_back(event);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  /// Precondition: not empty.
  [[nodiscard]] Event pop() {
    GMS_ASSERT(!heap_.empty(), "EventQueue::pop");
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Event out = heap_.back();
    heap_.pop_back();
    return out;
  }

 private:
  static bool later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  std::vector<Event> heap_;
  std::uint64_t order_ = 0;
};

}  // namespace tests::simulation
