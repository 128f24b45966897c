#pragma once

#include <deque>
#include <map>
#include <vector>

#include "kvstore/replica/replica.hpp"
#include "kvstore/server/answers.hpp"
#include "kvstore/server/service_limits.hpp"

namespace kvstore::server {

/// A get or a range that was checked, and what it waits for.
struct PendingRead {
  Origin origin;
  api::RequestKind kind = api::RequestKind::get;
  api::Revision revision_min;
  /// When it is answered `unavailable` instead.
  gms::model::Instant deadline;
  /// The encoded query.
  gms::model::ByteSpan query;
};

/// `quarantined`: the replica's state is damaged, or not what most members have. Nothing is read
/// from it, and what would be answered from it is not begun [M2].
enum class StateUse : std::uint8_t { served, quarantined };

/// A connection as a reader of ranges.
[[nodiscard]] replica::ReaderId reader_of(ConnectionKey connection);

/// What is answered for a state that is out of use.
[[nodiscard]] gms::model::Error out_of_use();

/// Serves reads from the replica once they may be: linearizable ones when the barrier they share
/// has been passed, all of them when the revision they ask for is applied.
///
/// Reads keep a copy of their query, side by side in one buffer a barrier, so that no receive
/// buffer stays alive for them. Thread rule: the group's thread. Ownership: borrows replica and
/// answers.
class ReadDesk {
 public:
  ReadDesk(replica::Replica& replica, Answers& answers, const ServiceLimits& limits)
      : replica_(replica), answers_(answers), limits_(limits) {}

  /// Serves the read now, or when its revision is applied.
  void serve(const PendingRead& read, gms::model::Instant now);
  /// Serves the read after the barrier under `ticket`.
  void serve_after(gms::model::Ticket ticket, const PendingRead& read);

  /// Whether the replica may be read, from now on. What waits is answered that it may not be, in
  /// its turn.
  void serve_state(StateUse use) { use_ = use; }
  [[nodiscard]] StateUse state_use() const { return use_; }

  /// The barrier under `ticket` has been passed: serves the reads behind it, as far as one turn of
  /// the event loop allows.
  void on_barrier(gms::model::Ticket ticket, gms::model::Instant now);
  /// Serves more of the reads whose barriers have been passed. To be called in the next turn while
  /// has_passed().
  void serve_passed(gms::model::Instant now);
  [[nodiscard]] bool has_passed() const { return !passed_.empty(); }
  /// The barriers among the tickets will not be passed.
  void on_lost(gms::model::Ticket first, std::uint64_t count, const gms::model::Error& error,
               const MemberContact& leader);
  /// The replica has applied more.
  void on_applied(gms::model::Instant now);
  /// Answers the reads whose revision was not applied in time.
  void expire(gms::model::Instant now);

  /// Fails a read for what the replica says of it. Data that is damaged here may be sound at
  /// another member: the client is to ask there.
  void fail(const Origin& origin, const gms::model::Error& error);
  /// What reads have found to be damaged since this was asked.
  [[nodiscard]] std::optional<gms::model::Error> take_damage() {
    return std::exchange(damage_, std::nullopt);
  }

  /// Reads that wait for a barrier, and for a revision.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  [[nodiscard]] std::size_t parked() const { return parked_.size(); }

 private:
  struct Place {
    PendingRead read;
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  /// The reads behind one barrier.
  struct Round {
    gms::model::Ticket ticket;
    gms::model::Bytes queries;
    std::vector<Place> places;
    /// How many of them were served.
    std::size_t served = 0;
  };
  struct Parked {
    PendingRead read;
    gms::model::Bytes query;
  };

  void park(const PendingRead& read);
  void unpark(std::multimap<api::Revision, Parked>::iterator parked);
  void answer(const PendingRead& read, gms::model::Instant now);
  [[nodiscard]] gms::model::Result<void> read_into(const PendingRead& read,
                                                   gms::model::Instant now);
  void finish(Round round);

  replica::Replica& replica_;
  Answers& answers_;
  const ServiceLimits& limits_;
  std::deque<Round> rounds_;
  /// Rounds whose barriers have been passed, but not all of whose reads are served.
  std::deque<Round> passed_;
  /// A finished round, for its memory.
  Round spare_;
  std::size_t waiting_ = 0;
  /// Bytes of replies to reads in this turn.
  std::size_t served_bytes_ = 0;
  std::multimap<api::Revision, Parked> parked_;
  std::size_t parked_bytes_ = 0;
  std::optional<gms::model::Error> damage_;
  StateUse use_ = StateUse::served;
  gms::model::ByteWriter reply_;
};

}  // namespace kvstore::server
