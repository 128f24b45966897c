#pragma once

#include <optional>
#include <vector>

#include "gms/model/mark.hpp"

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
/// group's own entries stand.
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
/// Thread rule: all calls come on the group's own thread and must not block it for long.
class Application {
 public:
  virtual ~Application() = default;

  /// The mark that the application has stored durably, encoded as it was given; nothing before the
  /// first. Called once, before anything is delivered.
  [[nodiscard]] virtual std::optional<Bytes> stored_mark() = 0;

  /// Applies the batch and keeps its mark with the effects. An error stops the member: a message is
  /// never skipped.
  [[nodiscard]] virtual Result<void> deliver(const DeliveryBatch& batch) = 0;

  /// The view in force from here on. `mark` is the mark after it.
  [[nodiscard]] virtual Result<void> install(const PlacedView& view, ByteSpan mark) = 0;
};

}  // namespace gms::model
