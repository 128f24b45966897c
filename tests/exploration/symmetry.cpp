#include "tests/exploration/symmetry.hpp"

#include <algorithm>

namespace tests::exploration {
namespace {

/// What a member looks like, without names. Equal looks cost time, not correctness.
using Look = std::uint64_t;
using Looks = std::array<Look, kMembersMax>;

Look mix(Look look, std::uint64_t value) {
  look = (look ^ value) * 0x9E3779B97F4A7C15ULL;
  return look ^ look >> 29;
}

/// What a member looks like by itself.
Look own_look(const State& state, MemberNumber number) {
  const Member& member = state.members[number];
  Look look = mix(member.epoch, (member.voted ? 1u : 0u) | (member.leads ? 2u : 0u) |
                                    static_cast<unsigned>(member.commit) << 2 |
                                    static_cast<unsigned>(member.log.last()) << 8);
  for (Index index = 1; index <= member.log.last(); ++index) {
    const Entry entry = member.log.at(index);
    look = mix(
        look, entry.epoch | entry.view.size() << 8 | (entry.view.contains(number) ? 1u : 0u) << 16);
  }
  return look;
}

/// What `other`, which looks like `look`, says of a member.
Look mention(const Member& other, Look look, MemberNumber number) {
  Look said = 0;
  for (Index index = 1; index <= other.log.last(); ++index)
    if (other.log.at(index).view.contains(number)) said = mix(said + look, index);
  return other.leads ? mix(said + look, 64u + other.match[number]) : said;
}

Looks looks_of(const State& state, const Bounds& bounds) {
  Looks own{};
  for (MemberNumber member = 0; member < bounds.members; ++member)
    own[member] = own_look(state, member);
  Looks looks = own;
  for (MemberNumber member = 0; member < bounds.members; ++member)
    for (MemberNumber other = 0; other < bounds.members; ++other)
      looks[member] += mention(state.members[other], own[other], member);
  return looks;
}

/// Steps through all seatings that keep `looks` sorted, founders first: the permutations inside
/// each run of equal looks.
class Seatings {
 public:
  Seatings(const Looks& looks, const Bounds& bounds)
      : looks_(looks), founders_(bounds.founders), members_(bounds.members) {
    std::sort(seats_.begin(), seats_.begin() + members_, [&](MemberNumber a, MemberNumber b) {
      if ((a < founders_) != (b < founders_)) return a < founders_;
      return looks_[a] != looks_[b] ? looks_[a] < looks_[b] : a < b;
    });
  }

  [[nodiscard]] const Seating& seats() const { return seats_; }

  /// False when there are no more.
  bool next() {
    for (std::size_t begin = 0; begin < members_;) {
      std::size_t end = begin + 1;
      while (end < members_ && alike(seats_[begin], seats_[end])) ++end;
      if (std::next_permutation(seats_.begin() + static_cast<std::ptrdiff_t>(begin),
                                seats_.begin() + static_cast<std::ptrdiff_t>(end)))
        return true;
      begin = end;
    }
    return false;
  }

 private:
  [[nodiscard]] bool alike(MemberNumber a, MemberNumber b) const {
    return (a < founders_) == (b < founders_) && looks_[a] == looks_[b];
  }

  const Looks& looks_;
  MemberNumber founders_;
  MemberNumber members_;
  Seating seats_ = own_seats();
};

}  // namespace

PackedState Symmetry::canonical(const State& state) const {
  const Looks looks = looks_of(state, bounds_);
  Seatings seatings(looks, bounds_);
  PackedState smallest = packing_.pack(state, seatings.seats());
  while (seatings.next()) smallest = std::min(smallest, packing_.pack(state, seatings.seats()));
  return smallest;
}

}  // namespace tests::exploration
