#include "kvstore/replica/replica.hpp"

#include <algorithm>
#include <utility>

#include "kvstore/api/command.hpp"
#include "kvstore/replica/digest.hpp"

namespace kvstore::replica {

using api::CommandReply;
using api::Outcome;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Delivery;
using gms::model::DeliveryBatch;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::PlacedView;
using gms::model::Result;

Result<std::unique_ptr<Replica>> Replica::open(storage::Store& store, ReplySink& sink,
                                               const ReplicaOptions& options) {
  std::unique_ptr<Replica> replica(new Replica(store, sink, options));
  if (auto loaded = replica->load(); !loaded) return loaded.error();
  return replica;
}

Replica::Replica(storage::Store& store, ReplySink& sink, const ReplicaOptions& options)
    : store_(store),
      sink_(sink),
      session_limits_(options.sessions),
      sessions_(options.sessions),
      executor_(store, sessions_, staged_),
      ranges_(store, options.ranges) {}

Result<void> Replica::load() {
  const auto stored = store_.stored();
  if (!stored) return stored.error();
  if (!*stored) return {};
  auto state = decode_applied_state((*stored)->record);
  if (!state) return state.error();
  applied_ = *std::move(state);
  if (applied_.mark_index != (*stored)->applied)
    return Error{ErrorCode::corrupt, "the store and its applied record disagree"};
  return sessions_.load(*store_.snapshot());
}

std::optional<Bytes> Replica::stored_mark() const {
  if (applied_.mark.empty()) return std::nullopt;
  return applied_.mark;
}

Result<void> Replica::deliver(const DeliveryBatch& batch) {
  for (const Delivery& delivery : batch.deliveries) {
    if (delivery.kind != gms::model::EntryKind::command) continue;
    // A deep digest stores the state in the middle of a batch, ahead of the mark. After a crash
    // such commands are delivered again, but they are done.
    if (delivery.position.index <= applied_.index) continue;
    if (auto applied = apply(delivery); !applied) return applied;
  }
  if (batch.last > applied_.index) applied_.index = batch.last;
  applied_.mark_index = batch.last;
  applied_.mark = batch.mark;
  if (auto stored = store_changes(); !stored) return stored;
  sink_.on_replies(replies_.finish());
  replies_.clear();
  return {};
}

Result<void> Replica::install(const PlacedView& view, ByteSpan mark) {
  if (view.position.index > applied_.index) applied_.index = view.position.index;
  applied_.mark_index = view.position.index;
  applied_.mark.assign(mark.begin(), mark.end());
  return store_changes();
}

void Replica::take_state(storage::StateExchange& states, gms::model::OnStateTaken taken) const {
  // The state may be ahead of the mark, where a deep digest stored it: whoever begins with it skips
  // what it is delivered again, as after a crash here.
  auto mark = stored_mark();
  if (!mark) return taken(Error{ErrorCode::unavailable, "nothing is stored yet"});
  states.take([mark = *std::move(mark),
               taken = std::move(taken)](Result<std::unique_ptr<gms::model::StateSource>> source) {
    if (!source) return taken(source.error());
    taken(gms::model::TakenState{mark, *std::move(source)});
  });
}

Result<void> Replica::restore(storage::StateExchange& states,
                              std::unique_ptr<gms::model::StateSink> staged,
                              gms::model::StateGeneration generation, ByteSpan mark) {
  ranges_.close_all();
  digests_.give_up();
  // Of a batch that could not be applied as a whole.
  staged_.clear();
  replies_.clear();
  if (auto restored = states.restore(std::move(staged), generation); !restored) return restored;
  applied_ = {};
  sessions_ = SessionTable(session_limits_);
  if (auto loaded = load(); !loaded) return loaded;
  if (std::ranges::equal(applied_.mark, mark)) return {};
  return Error{ErrorCode::corrupt, "a state came with another mark than it was said to have"};
}

std::optional<gms::model::StateSample> Replica::sample() const {
  if (applied_.command == gms::model::Index()) return std::nullopt;
  return gms::model::StateSample{applied_.command,
                                 gms::model::StateDigest(applied_.digest.value())};
}

Result<void> Replica::get(const api::GetQuery& query, ByteWriter& out) {
  const auto revision = store_.get(storage::Space::data, query.key, value_);
  if (!revision) return revision.error();
  api::GetReply reply;
  if (*revision) reply.found = api::Versioned{**revision, value_};
  encode(reply, out);
  return {};
}

Result<void> Replica::apply(const Delivery& delivery) {
  const auto command = api::decode_command(delivery.payload);
  Result<CommandReply> reply = CommandReply{Outcome::invalid, {}, std::nullopt};
  if (command) reply = executor_.execute(*command, delivery.position.index, delivery.clock);
  if (!reply) return reply.error();
  const ByteSpan encoded = replies_.add(delivery.ticket, delivery.position.index, *reply);
  applied_.index = delivery.position.index;
  applied_.clock = delivery.clock;
  applied_.command = delivery.position.index;
  applied_.digest = digest_command(applied_.digest, delivery.position, delivery.payload, encoded);
  const auto* digest = command ? std::get_if<api::TakeDigest>(&*command) : nullptr;
  return digest != nullptr ? take_digest(digest->depth) : Result<void>();
}

Result<void> Replica::take_digest(api::DigestDepth depth) {
  if (depth == api::DigestDepth::rolling) {
    digests_.take_rolling(applied_.index, applied_.digest);
    return {};
  }
  if (auto stored = store_changes(); !stored) return stored;
  digests_.take_deep(applied_.index, applied_.digest, store_.snapshot());
  return {};
}

Result<void> Replica::store_changes() {
  sessions_.stage(staged_);
  record_.clear();
  encode(applied_, record_);
  storage::ChangeSet& changes = staged_.changes();
  changes.applied = applied_.mark_index;
  changes.record = record_.bytes();
  auto stored = store_.apply(changes);
  staged_.clear();
  return stored;
}

}  // namespace kvstore::replica
