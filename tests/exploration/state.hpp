#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tests::exploration {

/// What the model is made of: values, with no behaviour but reading. Thread rule: any.

/// Members are numbered from 0; what is told of them calls them A, B, C.
using MemberNumber = std::uint8_t;
/// 0 is before the first election.
using Epoch = std::uint8_t;
/// 0 is the founding view, which every log begins with.
using Index = std::uint8_t;

inline constexpr MemberNumber kMembersMax = 5;
inline constexpr Epoch kEpochsMax = 7;
inline constexpr Index kLogMax = 8;

/// A set of members.
class MemberSet {
 public:
  constexpr MemberSet() = default;
  /// One bit a member.
  constexpr explicit MemberSet(std::uint8_t bits) : bits_(bits) {}
  [[nodiscard]] static constexpr MemberSet first(std::size_t count) {
    return MemberSet(static_cast<std::uint8_t>((1u << count) - 1));
  }

  [[nodiscard]] constexpr std::uint8_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr std::size_t size() const {
    return static_cast<std::size_t>(std::popcount(bits_));
  }
  [[nodiscard]] constexpr bool contains(MemberNumber member) const {
    return (bits_ >> member & 1) != 0;
  }
  constexpr void insert(MemberNumber member) {
    bits_ = static_cast<std::uint8_t>(bits_ | 1u << member);
  }

  friend constexpr MemberSet operator&(MemberSet a, MemberSet b) {
    return MemberSet(static_cast<std::uint8_t>(a.bits_ & b.bits_));
  }
  /// The members of one set but not of both.
  friend constexpr MemberSet operator^(MemberSet a, MemberSet b) {
    return MemberSet(static_cast<std::uint8_t>(a.bits_ ^ b.bits_));
  }
  friend constexpr bool operator==(MemberSet, MemberSet) = default;

 private:
  std::uint8_t bits_ = 0;
};

/// An entry is known by its index and epoch; of its content only the view matters.
struct Entry {
  Epoch epoch = 0;
  /// Empty in an entry that is no view.
  MemberSet view;

  friend constexpr bool operator==(Entry, Entry) = default;
};

/// The entries of one member, from the founding view at index 0 to the last.
class Log {
 public:
  Log() = default;
  explicit Log(MemberSet founders) { entries_[0].view = founders; }

  [[nodiscard]] Index last() const { return last_; }
  /// Precondition: `index` ≤ last().
  [[nodiscard]] Entry at(Index index) const { return entries_[index]; }
  [[nodiscard]] bool has(Index index, Epoch epoch) const {
    return index <= last_ && entries_[index].epoch == epoch;
  }

  /// The index of the latest view at or before `end`.
  [[nodiscard]] Index latest_view(Index end) const {
    Index index = end;
    while (entries_[index].view.empty()) --index;
    return index;
  }
  [[nodiscard]] Index latest_view() const { return latest_view(last_); }

  /// Where this log and `other` are last the same.
  [[nodiscard]] Index agrees_up_to(const Log& other) const {
    const Index shorter = last_ < other.last_ ? last_ : other.last_;
    Index index = 0;
    while (index < shorter && entries_[index + 1] == other.entries_[index + 1]) ++index;
    return index;
  }

  /// Precondition: last() < kLogMax.
  void push(Entry entry) { entries_[++last_] = entry; }
  /// Drops what stands above `index`.
  void cut_above(Index index) {
    while (last_ > index) entries_[last_--] = Entry();
  }

  friend bool operator==(const Log&, const Log&) = default;

 private:
  std::array<Entry, kLogMax + 1> entries_{};
  Index last_ = 0;
};

/// One member: what it keeps on disk, then what it knows for as long as it leads.
struct Member {
  Epoch epoch = 0;
  /// Whether it has voted in `epoch`, for itself or another.
  bool voted = false;
  Log log;
  /// Up to where it knows that entries are committed.
  Index commit = 0;

  bool leads = false;
  /// A leader's own account of what each member acknowledged to it in this epoch.
  std::array<Index, kMembersMax> match{};

  friend bool operator==(const Member&, const Member&) = default;
};

/// What nobody in the group can see: all that ever happened and that invariants speak of.
struct History {
  struct Committed {
    Epoch epoch = 0;
    /// The smallest epoch whose leader committed the entry.
    Epoch committed_in = 0;

    friend constexpr bool operator==(Committed, Committed) = default;
  };

  /// One bit an epoch: whether it ever had a leader.
  std::uint8_t epochs_won = 0;
  Index committed_last = 0;
  /// From index 1 to `committed_last`.
  std::array<Committed, kLogMax + 1> committed{};

  [[nodiscard]] bool won(Epoch epoch) const { return (epochs_won >> epoch & 1) != 0; }

  friend bool operator==(const History&, const History&) = default;
};

/// The whole group at one moment.
struct State {
  std::array<Member, kMembersMax> members{};
  History history;

  friend bool operator==(const State&, const State&) = default;
};

/// How large a group's life may get.
struct Bounds {
  /// Members that may ever exist.
  MemberNumber members = 3;
  /// Of these, the first ones make up the founding view.
  MemberNumber founders = 3;
  /// The largest epoch.
  Epoch epochs = 3;
  /// The largest index. The founding view has 0.
  Index log = 3;
  /// No view has fewer voters.
  MemberNumber floor = 1;

  friend bool operator==(const Bounds&, const Bounds&) = default;
};

/// A group of which nothing has happened yet but the founding view, at every member.
[[nodiscard]] inline State founded(const Bounds& bounds) {
  State state;
  for (Member& member : state.members) member.log = Log(MemberSet::first(bounds.founders));
  return state;
}

}  // namespace tests::exploration
