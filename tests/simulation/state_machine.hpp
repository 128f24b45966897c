#pragma once

#include <memory>
#include <vector>

#include "gms/model/application.hpp"
#include "kvstore/api/types.hpp"
#include "tests/linearizability/history.hpp"

namespace tests::simulation {

using linearizability::Action;
using linearizability::Key;
using linearizability::Value;

/// One call of a client, as the replicated state machine takes it: executed at most once for each
/// client and number.
struct ClientCall {
  std::uint32_t client = 0;
  /// Counts the client's calls from 1.
  std::uint64_t number = 0;
  Action action = Action::put;
  Key key;
  Value value;
  Value expected;
  /// The client's, where the state machine has sessions that a client must register; none asks for
  /// one instead of making the call.
  kvstore::api::SessionId session;

  friend bool operator==(const ClientCall&, const ClientCall&) = default;
};

/// `stale`: the client is past this call, which is not executed any more. `refused`: not executed,
/// for a reason that clients here never give. `registered`: the client has a session now.
enum class CallStatus : std::uint8_t { done, stale, refused, registered };

/// What became of one delivered message.
struct Execution {
  gms::model::Index index;
  gms::model::Ticket ticket;
  /// What was called; nothing for a multicast.
  std::optional<ClientCall> call;
  CallStatus status = CallStatus::done;
  /// Whether it changed the state now, rather than being a copy of what was executed before.
  bool executed = false;
  /// Whether its condition held.
  bool applied = false;
  /// The index at which the call took effect: an earlier one for a copy. Zero if the answer does
  /// not tell.
  gms::model::Index effective;
  /// Of the state after it; zero if it cannot be told here.
  std::uint64_t digest = 0;
};

/// A state that one machine has taken for another.
class SavedState {
 public:
  virtual ~SavedState() = default;
  /// It is of a state that was flipped.
  [[nodiscard]] virtual bool flipped() const = 0;
  /// The mark that goes with it; nothing before the first.
  [[nodiscard]] virtual std::optional<gms::model::Bytes> mark() const = 0;
};

/// A replicated application with a volatile state and an older durable one, as a store without a
/// write-ahead log has them.
class StateMachine {
 public:
  virtual ~StateMachine() = default;

  /// Takes a batch, as gms::model::Application::deliver(). Appends what became of each message.
  virtual void deliver(const gms::model::DeliveryBatch& batch,
                       std::vector<Execution>& executions) = 0;
  virtual void install(const gms::model::PlacedView& view, gms::model::ByteSpan mark) = 0;

  [[nodiscard]] virtual Value read(Key key) const = 0;
  [[nodiscard]] virtual std::uint64_t digest() const = 0;
  /// Of the volatile state; nothing before the first.
  [[nodiscard]] virtual std::optional<gms::model::Bytes> mark() const = 0;
  /// As gms::model::Application::sample().
  [[nodiscard]] virtual std::optional<gms::model::StateSample> sample() const = 0;

  /// Changes a value and what the digest remembers, durably, as a fault of the machine might that
  /// led to another result. Whether it could: not before the first message.
  virtual bool flip() = 0;
  /// It was, and has been given no other state since.
  [[nodiscard]] virtual bool flipped() const = 0;
  /// It is flipped, or a crash may bring back a state that is.
  [[nodiscard]] virtual bool may_be_flipped() const = 0;

  /// Makes the state durable as it is.
  virtual void flush() = 0;
  /// Goes back to the durable state of that generation, which is empty if there is none; others go.
  virtual void open(gms::model::StateGeneration generation) = 0;
  /// The mark that a crash would leave.
  [[nodiscard]] virtual std::optional<gms::model::Bytes> durable_mark() const = 0;

  /// The state as it is. As a checkpoint does, it makes that durable too.
  [[nodiscard]] virtual std::shared_ptr<const SavedState> save() = 0;
  /// Goes over to a state of another machine, durable as that generation. The generation before
  /// stays until settle().
  virtual void restore(const SavedState& saved, gms::model::StateGeneration generation) = 0;
  virtual void settle(gms::model::StateGeneration generation) = 0;

  /// Appends the encoding of `call`, a write, and `padding` more bytes.
  virtual void encode(const ClientCall& call, std::uint32_t padding,
                      gms::model::ByteWriter& out) const = 0;
};

}  // namespace tests::simulation
