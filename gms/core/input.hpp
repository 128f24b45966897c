#pragma once

#include <string>
#include <variant>

#include "gms/core/message.hpp"
#include "gms/model/log.hpp"

namespace gms::core {

// What happens to an engine. One input a step; the time comes with it, sampled after the input was
// taken from its queue.

/// Time has passed.
struct Tick {};

struct Received {
  Message message;
};

/// Every order to the log up to `seq` is durable.
struct Durable {
  model::PersistSeq seq;
};

/// The application has consumed deliveries up to `index`.
struct Applied {
  model::Index index;
  /// What it said of its state on the way, oldest first.
  std::vector<model::StateSample> samples;
};

/// Drafts of kind `command`, to be ordered at most once. Draft k has ticket first + k. Deliveries
/// carry the tickets; what certainly or possibly fails is told by Completed.
struct Propose {
  model::Ticket first;
  model::EntryRunBuilder drafts;
};

/// This member's FIFO multicasts, as drafts of kind `multicast` whose headers are not written yet.
/// Draft k has ticket first + k, carried by its delivery here.
struct Multicast {
  model::Ticket first;
  model::EntryRunBuilder drafts;
};

/// Asks for an index that a linearizable read must see applied.
struct Read {
  model::Ticket ticket;
};

struct Admin {
  model::Ticket ticket;
  AdminRequest request;
};

struct LocalHealth {
  model::StorageHealth health;
};

/// A link from that boot of `member` is open.
struct PeerConnected {
  model::MemberId member;
  model::BootSeq boot;
};

struct PeerDisconnected {
  model::MemberId member;
};

/// The links of that boot closed, after everything received on them, and nobody listens there any
/// more: the process is dead.
struct PeerDown {
  model::MemberId member;
  model::BootSeq boot;
};

/// The log's answer to a ReadEntries.
struct EntriesRead {
  model::ReadAnswer answer;
};

/// The application's durable state covers `index`.
struct StateDurable {
  model::Index index;
};

/// The end of a TakeSnapshot: what was taken, or why nothing was.
struct SnapshotTaken {
  model::SnapshotId id;
  std::optional<model::Error> error;
  model::Mark mark;
  std::uint64_t bytes = 0;
};

/// A FetchSnapshot goes on: so many bytes are here.
struct SnapshotProgress {
  model::SnapshotId id;
  std::uint64_t bytes = 0;
};

/// All of it is here, durably, and not in use yet.
struct SnapshotStaged {
  model::SnapshotId id;
};

/// The source does not answer, or has it no more, or there is no room here. What is staged of it is
/// gone.
struct SnapshotFetchFailed {
  model::SnapshotId id;
  model::Error error;
};

/// The application found that its state is damaged. As long as there are others, theirs is to take
/// its place.
struct DamageFound {};

using Input =
    std::variant<Tick, Received, Durable, Applied, Propose, Multicast, Read, Admin, LocalHealth,
                 PeerConnected, PeerDisconnected, PeerDown, EntriesRead, StateDurable,
                 SnapshotTaken, SnapshotProgress, SnapshotStaged, SnapshotFetchFailed, DamageFound>;

}  // namespace gms::core
