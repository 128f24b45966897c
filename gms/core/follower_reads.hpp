#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "gms/core/read_barrier.hpp"

namespace gms::core {

/// Linearizable reads at a member that does not lead: it asks the leader for an index, for all
/// reads that wait at that moment together, and serves them when that is applied here [C18]. Pure
/// bookkeeping; it sends nothing.
class FollowerReads {
 public:
  void add(model::Ticket ticket) { waiting_.push_back(ticket); }
  [[nodiscard]] std::size_t size() const {
    return waiting_.size() + asked_.size() + covered_.size();
  }
  /// Whether reads wait and no request is under way.
  [[nodiscard]] bool wants_request() const { return id_ == model::Ticket() && !waiting_.empty(); }
  /// A request under `id` goes, for all that wait. It is given up at `expires`.
  void asked(model::Ticket id, model::Instant expires);
  /// When to give the request up; nothing if none is under way.
  [[nodiscard]] std::optional<model::Instant> expires() const;
  /// The request is given up: its reads wait again, and no answer to it is taken any more.
  void give_up();
  /// The answer to request `id`. One that is not under way is ignored: it knows nothing of what was
  /// acknowledged since.
  void answered(model::Ticket id, model::Index index);
  /// The reads that are covered by what is applied, in order.
  [[nodiscard]] std::vector<ReadBarrier::Ready> take_ready(model::Index applied);
  /// All that are pending. Those that are covered, too: this member may be out of the group, and
  /// never apply that much.
  [[nodiscard]] std::vector<model::Ticket> take_all();

 private:
  std::vector<model::Ticket> waiting_;
  std::vector<model::Ticket> asked_;
  model::Ticket id_;
  model::Instant expires_;
  /// Indexes need not grow: another leader may know less, and never too little.
  std::deque<ReadBarrier::Ready> covered_;
};

}  // namespace gms::core
