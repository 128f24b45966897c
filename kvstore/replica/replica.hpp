#pragma once

#include <memory>

#include "gms/model/application.hpp"
#include "kvstore/api/inspection.hpp"
#include "kvstore/api/query.hpp"
#include "kvstore/replica/applied_state.hpp"
#include "kvstore/replica/digest_book.hpp"
#include "kvstore/replica/executor.hpp"
#include "kvstore/replica/range_reader.hpp"
#include "kvstore/replica/reply_batch.hpp"
#include "kvstore/replica/session_table.hpp"
#include "kvstore/replica/staged_changes.hpp"
#include "kvstore/storage/state_exchange.hpp"
#include "kvstore/storage/store.hpp"

namespace kvstore::replica {

struct ReplicaOptions {
  /// The same at every replica.
  SessionLimits sessions;
  RangeLimits ranges;
};

/// The state machine of the key-value store.
///
/// Guarantee: state, replies and digests are a function of the commands delivered and their
/// positions, and of nothing else: no clock, no chance, no order of a hash table. A command's
/// effects, its session and the mark are stored in one change set, so a restart goes on from the
/// stored mark and applies nothing twice [C14].
/// Thread rule: the group's thread, for everything.
/// Ownership: borrows the store and the sink, which outlive it.
class Replica final {
 public:
  /// Loads the sessions and the digest that `store` holds. Errors: io, corrupt.
  [[nodiscard]] static gms::model::Result<std::unique_ptr<Replica>> open(
      storage::Store& store, ReplySink& sink, const ReplicaOptions& options = {});

  /// The mark that is stored with the state; nothing before the first.
  [[nodiscard]] std::optional<gms::model::Bytes> stored_mark() const;
  /// Applies the commands in one change set and hands the replies to the sink, once, after it.
  /// Bytes that are not a command change nothing and are answered `invalid`, alike everywhere.
  /// Multicasts are not for this state machine and pass without effect. Errors: io, corrupt, of the
  /// store.
  [[nodiscard]] gms::model::Result<void> deliver(const gms::model::DeliveryBatch& batch);
  [[nodiscard]] gms::model::Result<void> install(const gms::model::PlacedView& view,
                                                 gms::model::ByteSpan mark);

  /// Takes the state as it is now. `taken` is called once, on any thread, within the call or later.
  /// Errors: unavailable (nothing is stored yet), those of the exchange.
  void take_state(storage::StateExchange& states, gms::model::OnStateTaken taken) const;
  /// Goes over to the state that `states` has staged, whose mark has to be `mark`: ranges end and
  /// deep digests are given up. Errors: corrupt (it has another mark), those of the exchange; this
  /// is of no use then.
  [[nodiscard]] gms::model::Result<void> restore(storage::StateExchange& states,
                                                 std::unique_ptr<gms::model::StateSink> staged,
                                                 gms::model::StateGeneration generation,
                                                 gms::model::ByteSpan mark);

  /// The newest index whose effects are in the state.
  [[nodiscard]] gms::model::Index applied() const { return applied_.index; }
  /// A crash now would lose no mark up to here: the log may be trimmed to it. It is never ahead of
  /// the mark, though the state may be.
  [[nodiscard]] gms::model::Index durable() const { return store_.durable(); }
  /// The rolling digest at applied().
  [[nodiscard]] api::Digest digest() const { return applied_.digest; }
  /// The rolling digest and the newest command in it; nothing before the first.
  [[nodiscard]] std::optional<gms::model::StateSample> sample() const;
  /// The group's clock at the newest command.
  [[nodiscard]] gms::model::GroupClock clock() const { return applied_.clock; }

  [[nodiscard]] std::size_t session_count() const { return sessions_.size(); }
  /// When the longest idle session made its last call; nothing without sessions. The kvd that leads
  /// proposes an ExpireSessions when that is a session's time to live ago.
  [[nodiscard]] std::optional<gms::model::GroupClock> oldest_activity() const {
    return sessions_.oldest_activity();
  }

  // Reads of the applied state. The caller sees to their freshness.

  /// Appends the encoded GetReply. Errors: io, corrupt.
  [[nodiscard]] gms::model::Result<void> get(const api::GetQuery& query,
                                             gms::model::ByteWriter& out);
  /// Ranges and their pages.
  [[nodiscard]] RangeReader& ranges() { return ranges_; }

  [[nodiscard]] api::DigestReply digest_at(const api::DigestQuery& query) const {
    return digests_.find(query.index, applied());
  }
  /// Advances a deep digest that is under way, if any, by `rows_max` rows at most. To be called
  /// again, between other work, while it says that there is more. Errors: io, corrupt: the store is
  /// not intact.
  [[nodiscard]] gms::model::Result<DeepWork> work_on_deep_digest(std::size_t rows_max) {
    return digests_.work(rows_max);
  }

 private:
  Replica(storage::Store& store, ReplySink& sink, const ReplicaOptions& options);

  [[nodiscard]] gms::model::Result<void> load();
  [[nodiscard]] gms::model::Result<void> apply(const gms::model::Delivery& delivery);
  /// Takes a digest of the state right after applied_.index.
  [[nodiscard]] gms::model::Result<void> take_digest(api::DigestDepth depth);
  /// Stores what is staged, with applied_.
  [[nodiscard]] gms::model::Result<void> store_changes();

  storage::Store& store_;
  ReplySink& sink_;
  SessionLimits session_limits_;
  AppliedState applied_;
  SessionTable sessions_;
  StagedChanges staged_;
  Executor executor_;
  ReplyBatch replies_;
  DigestBook digests_;
  RangeReader ranges_;
  gms::model::ByteWriter record_;
  /// The value that a get read last.
  gms::model::Bytes value_;
};

}  // namespace kvstore::replica
