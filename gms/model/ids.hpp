#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace gms::model {

/// A 64-bit number of one kind that is counted upwards. Kinds do not mix. 0 means "none yet".
template <class Tag>
class Ordinal {
 public:
  constexpr Ordinal() = default;
  constexpr explicit Ordinal(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  [[nodiscard]] constexpr Ordinal next() const { return Ordinal(value_ + 1); }
  /// Precondition: not zero.
  [[nodiscard]] constexpr Ordinal previous() const { return Ordinal(value_ - 1); }

  constexpr Ordinal& operator++() {
    ++value_;
    return *this;
  }
  friend constexpr Ordinal operator+(Ordinal a, std::uint64_t n) { return Ordinal(a.value_ + n); }
  friend constexpr Ordinal operator-(Ordinal a, std::uint64_t n) { return Ordinal(a.value_ - n); }
  friend constexpr std::uint64_t operator-(Ordinal a, Ordinal b) { return a.value_ - b.value_; }
  friend constexpr auto operator<=>(Ordinal, Ordinal) = default;

 private:
  std::uint64_t value_ = 0;
};

/// A 64-bit name of one kind. It can be compared and nothing else. 0 means "none".
template <class Tag>
class Identifier {
 public:
  constexpr Identifier() = default;
  constexpr explicit Identifier(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  friend constexpr auto operator<=>(Identifier, Identifier) = default;

 private:
  std::uint64_t value_ = 0;
};

/// The reign of one leader; Raft's term.
using Epoch = Ordinal<struct EpochTag>;
/// The place of an entry in the group's one stream. The first entry is 1.
using Index = Ordinal<struct IndexTag>;
/// The number of a view; consecutive views differ by one.
using ViewSeq = Ordinal<struct ViewSeqTag>;
/// Counts the starts of one member's process; never repeats for a MemberId.
using BootSeq = Ordinal<struct BootSeqTag>;
/// Counts a member's multicasts from 1 in each of its boots.
using MulticastSeq = Ordinal<struct MulticastSeqTag>;
/// Counts the orders given to the log by one engine.
using PersistSeq = Ordinal<struct PersistSeqTag>;
/// Counts a leader's heartbeat rounds within its epoch.
using HeartbeatSeq = Ordinal<struct HeartbeatSeqTag>;
/// Counts the Append messages of a leader within its epoch.
using AppendId = Ordinal<struct AppendIdTag>;
/// Names one request of a caller within one boot of a member.
using Ticket = Ordinal<struct TicketTag>;
/// The group's clock in milliseconds: grows with the leaders' monotonic clocks, never goes back.
using GroupClock = Ordinal<struct GroupClockTag>;

/// Counts the states that an application was given whole: each new one is a new generation.
using StateGeneration = Ordinal<struct StateGenerationTag>;

/// Names one snapshot of an application's state; drawn at random.
using SnapshotId = Identifier<struct SnapshotIdTag>;
using NodeId = Identifier<struct NodeIdTag>;
using Incarnation = Identifier<struct IncarnationTag>;
/// The hash of an entry chained with all before it: equal hash, equal prefix.
using EntryHash = Identifier<struct EntryHashTag>;
/// What an application says of its state: where members are at the same index and differ in it, one
/// of them has diverged.
using StateDigest = Identifier<struct StateDigestTag>;

/// Who a member is: its place in the group, and which life of its data directory. A directory that
/// is made anew is a new incarnation, so no promise of the old one is ever attributed to it [C9].
struct MemberId {
  NodeId node;
  Incarnation incarnation;

  [[nodiscard]] constexpr bool is_none() const { return *this == MemberId{}; }
  friend constexpr auto operator<=>(const MemberId&, const MemberId&) = default;
};

/// Keeps groups apart. Drawn at random when a group is founded.
struct GroupId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  [[nodiscard]] constexpr bool is_none() const { return high == 0 && low == 0; }
  friend constexpr auto operator<=>(const GroupId&, const GroupId&) = default;
};

/// A place in the stream and the epoch of the leader that filled it. Ordered by epoch first: that
/// order is the one in which votes compare logs [C2].
struct Position {
  Epoch epoch;
  Index index;

  friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

/// The monotonic clock of this process as the engine sees it: time comes with every input, nothing
/// in gms/core can ask for it.
struct MonotonicClock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;
using Duration = MonotonicClock::duration;

/// Both parts in hexadecimal with a dot between, as logs and tools show it.
[[nodiscard]] std::string to_string(const MemberId& id);
/// 32 hexadecimal digits.
[[nodiscard]] std::string to_string(const GroupId& id);
/// `epoch:index`.
[[nodiscard]] std::string to_string(const Position& position);

}  // namespace gms::model
