#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "gms/model/ids.hpp"
#include "kvstore/server/origin.hpp"

namespace kvstore::server {

/// Who waits for which proposal. The tickets of one batch of proposals are consecutive, and there
/// are few batches at a time: each is an array indexed by ticket. Nothing is allocated for an
/// entry, and the arrays are used again. Thread rule: one thread.
class WriteTable {
 public:
  /// Precondition: `ticket` is larger than all before.
  void add(gms::model::Ticket ticket, const Origin& origin);
  /// Ends the wait for `ticket`; nothing if nobody waits for it.
  [[nodiscard]] std::optional<Origin> take(gms::model::Ticket ticket);

  /// How many wait.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  /// Consecutive tickets from `first` on; a place without a connection has ended.
  struct Run {
    gms::model::Ticket first;
    std::vector<Origin> places;
    std::size_t waiting = 0;

    [[nodiscard]] gms::model::Ticket end() const { return first + places.size(); }
  };

  void start_run(gms::model::Ticket first);
  void drop_ended();

  std::deque<Run> runs_;
  /// Memory of runs that ended.
  std::vector<std::vector<Origin>> spares_;
  std::size_t size_ = 0;
};

}  // namespace kvstore::server
