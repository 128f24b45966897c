#pragma once

#include <optional>
#include <vector>

#include "gms/model/mark.hpp"
#include "gms/model/state_sample.hpp"
#include "gms/model/state_transfer.hpp"

namespace gms::model {

/// One message of the stream, delivered.
struct Delivery {
  Position position;
  /// `multicast` or `command`.
  EntryKind kind = EntryKind::command;
  /// Who multicast it; none for a command.
  MemberId sender;
  GroupClock clock;
  /// The ticket under which it was proposed or multicast here in this boot; zero otherwise.
  Ticket ticket;
  /// Valid while the batch lives.
  ByteSpan payload;
};

/// Consecutive messages, and where the stream stands after them. Indexes grow, with gaps where the
/// group's own entries stand. There may be no message: then only the mark is a newer one.
struct DeliveryBatch {
  std::vector<Delivery> deliveries;
  /// The buffers that the payloads are parts of.
  std::vector<Payload> owners;
  /// The mark after the batch, encoded; to be stored atomically with the batch's effects.
  Bytes mark;
  /// The index of that mark.
  Index last;
};

/// What a user of gms writes: a deterministic state machine, or anything that wants the group's
/// messages and views in their one order.
///
/// Guarantee of gms: calls come one at a time, in stream order, each message at most once above the
/// mark that the application stored; a view comes between the same messages at every member.
/// Thread rule: all calls come on the group's own thread and must not block it for long. None may
/// throw: what leaves one ends the process.
class Application {
 public:
  virtual ~Application() = default;

  /// Opens the state of that generation, which is empty if there is none, and drops all others:
  /// what an unfinished change of state has left. Returns the mark that is stored with it, encoded
  /// as it was given; nothing before the first. Called once, before everything else. An error is
  /// why the member cannot start.
  [[nodiscard]] virtual Result<std::optional<Bytes>> open(StateGeneration generation) = 0;

  /// Applies the batch and keeps its mark with the effects. An error stops the member: a message is
  /// never skipped. But with `corrupt` the state counts as damaged, and goes out of use as a whole
  /// where another member's can take its place.
  [[nodiscard]] virtual Result<void> deliver(const DeliveryBatch& batch) = 0;

  /// Whether it has so much on its way to a disk that it had rather wait: then little more is
  /// delivered, `apply_bytes_max` bytes at most, until this is false again. Meanwhile the member
  /// goes on ordering and acknowledging. Asked after each batch, and then every few dozen
  /// milliseconds; cheap.
  [[nodiscard]] virtual bool is_behind() const { return false; }

  /// The view in force from here on. `mark` is the mark after it. Errors as of deliver().
  [[nodiscard]] virtual Result<void> install(const PlacedView& view, ByteSpan mark) = 0;

  /// A digest of the messages delivered so far and of what came of them, and the index of the
  /// newest of these; nothing when there is none, or if states are not to be compared. Two members
  /// that are delivered the same and do the same have the same digest at the same index, whatever
  /// batches it came in and however often they started; once they differ, they differ for good. It
  /// is part of the state: stored with it, and given to others with it. Asked after each batch;
  /// cheap.
  [[nodiscard]] virtual std::optional<StateSample> sample() const { return std::nullopt; }
  /// The state is damaged, or not what most members have: nothing of it may be used or shown.
  /// Nothing is delivered until restore(), which ends this, nor does a start: then it comes behind
  /// open().
  virtual void quarantine() {}

  /// A crash now would lose no mark up to here: the log is trimmed up to it. May grow by itself.
  /// With Durability::memory, what was applied. Asked often; cheap.
  [[nodiscard]] virtual Index durable() const = 0;

  /// Takes the state as it is between this call's neighbours, for another member to begin with.
  /// What takes long, such as writing to a disk, is done elsewhere, and `taken` called after it.
  virtual void take_state(OnStateTaken taken) = 0;

  /// A place for a state of `parts` that another member has; one at a time. Errors: busy (one is
  /// there, or the disk has no room), corrupt (these are no parts of a state), io.
  [[nodiscard]] virtual Result<std::unique_ptr<StateSink>> receive_state(
      std::vector<StatePart> parts) = 0;

  /// Goes over to the state in `staged`, which receive_state() gave and which was finished, as
  /// generation `generation`; returns when that is in its place for good, and so is its name.
  /// `mark` is the mark that has to be stored with it, encoded; another one is an error. The
  /// state before it stays on disk until state_settled() or the next open(): until then a crash may
  /// bring it back. An error stops the member.
  [[nodiscard]] virtual Result<void> restore(std::unique_ptr<StateSink> staged,
                                             StateGeneration generation, ByteSpan mark) = 0;
  /// Nobody will ask for a generation before this one again.
  virtual void state_settled(StateGeneration generation) = 0;
};

}  // namespace gms::model
