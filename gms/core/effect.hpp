#pragma once

#include <string>
#include <variant>

#include "gms/core/message.hpp"
#include "gms/core/trace.hpp"
#include "gms/model/application.hpp"
#include "gms/model/log.hpp"

namespace gms::core {

// What an engine wants done, in this order. A driver carries effects out one after another.

struct Persist {
  model::PersistRequest request;
};

/// Not to leave before Durable(after) [C11]. May be lost, delayed, doubled.
struct Send {
  Message message;
  model::PersistSeq after;
};

/// A JoinRequest to an address whose member is not known.
struct SendToAddress {
  std::string address;
  Message message;
};

/// Where messages to `member` go from now on.
struct KnowPeer {
  model::MemberId member;
  std::string address;
};

/// No more messages to `member` are wanted.
struct ForgetPeer {
  model::MemberId member;
};

/// Committed messages, in order. The driver reports Applied when the application has them.
struct Deliver {
  model::DeliveryBatch batch;
};

/// A view is delivered: the group is this from here on in the stream.
struct InstallView {
  model::PlacedView view;
  /// The mark after it, encoded.
  model::Bytes mark;
};

struct ReadEntries {
  model::ReadRequest request;
};

/// A read under `ticket` may be served now: `index`, which covers it, is applied here.
struct ReadReady {
  model::Ticket ticket;
  model::Index index;
};

/// The end of `count` requests that no delivery, view or ReadReady will end. `not_leader`, `busy`
/// and `closed` mean certainly not ordered; `outcome_unknown` says what it says [C27]. For an admin
/// request no error means done: the view without the member is committed, the target leads. For
/// drafts it means that they were delivered here, before the leader's answer told their tickets.
struct Completed {
  model::Ticket first;
  std::uint64_t count = 1;
  std::optional<model::Error> error;
  /// Who to ask instead, if known.
  model::MemberId leader;
};

struct Trace {
  TraceEvent event;
};

/// This process must stop at once; nothing more may leave it.
struct Fatal {
  model::Error error;
};

/// The application's state is wanted, as it is when all effects before this one are carried out.
/// Ends with SnapshotTaken.
struct TakeSnapshot {
  model::SnapshotId id;
};

/// No more is going to fetch it because of this engine; who fetches it now may go on.
struct ReleaseSnapshot {
  model::SnapshotId id;
};

/// The snapshot is to be brought here and staged. One at a time. Ends with SnapshotStaged or
/// SnapshotFetchFailed, or by CancelFetch.
struct FetchSnapshot {
  model::SnapshotMeta meta;
};

/// What is staged of it, whole or not, goes.
struct CancelFetch {
  model::SnapshotId id;
};

/// The application goes over to the staged state, which is to be in its place for good as that
/// generation before the order that comes right behind this is carried out. When that order is
/// durable the generations before are not needed any more.
struct InstallSnapshot {
  model::SnapshotMeta meta;
  model::StateGeneration generation;
  model::PersistSeq order;
};

/// The application's state has diverged: nothing of it is to be used, and no one gets it any more,
/// until an InstallSnapshot.
struct Quarantine {};

using Effect =
    std::variant<Persist, Send, SendToAddress, KnowPeer, ForgetPeer, Deliver, InstallView,
                 ReadEntries, ReadReady, Completed, Trace, Fatal, TakeSnapshot, ReleaseSnapshot,
                 FetchSnapshot, CancelFetch, InstallSnapshot, Quarantine>;
using Effects = std::vector<Effect>;

}  // namespace gms::core
