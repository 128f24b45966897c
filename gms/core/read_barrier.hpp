#pragma once

#include <deque>
#include <vector>

#include "gms/model/ids.hpp"

namespace gms::core {

/// Linearizable reads at a leader: a read is answered with an index that was committed when it
/// arrived, once a heartbeat round that started after it is answered by a quorum [C18].
class ReadBarrier {
 public:
  struct Ready {
    model::Ticket ticket;
    model::Index index;
  };

  /// A read arrived while `commit` was committed; rounds from `need` on confirm it.
  void add(model::Ticket ticket, model::Index commit, model::HeartbeatSeq need) {
    waiting_.push_back({ticket, commit, need});
  }
  /// A quorum has answered round `seq`.
  void confirm(model::HeartbeatSeq seq);
  /// The reads that are confirmed and whose index is at most `applied`, in order.
  [[nodiscard]] std::vector<Ready> take_ready(model::Index applied);
  /// All that are pending, which this leader can no longer answer.
  [[nodiscard]] std::vector<model::Ticket> take_all();

  [[nodiscard]] std::size_t size() const { return waiting_.size() + confirmed_.size(); }
  /// Whether a read waits for a round after `seq`.
  [[nodiscard]] bool wants_round_after(model::HeartbeatSeq seq) const {
    return !waiting_.empty() && waiting_.back().need > seq;
  }

 private:
  struct Waiting {
    model::Ticket ticket;
    model::Index index;
    model::HeartbeatSeq need;
  };

  /// Needs and indexes grow towards the back.
  std::deque<Waiting> waiting_;
  std::deque<Ready> confirmed_;
};

}  // namespace gms::core
