#include "tests/exploration/packing.hpp"

namespace tests::exploration {
namespace {

class BitWriter {
 public:
  explicit BitWriter(PackedState& out) : out_(out) {}

  /// Precondition: `value` < 2^`bits`, and `bits` < 64.
  void put(std::uint64_t value, unsigned bits) {
    out_[word_] |= value << used_;
    used_ += bits;
    if (used_ < 64) return;
    used_ -= 64;
    ++word_;
    if (used_ > 0) out_[word_] = value >> (bits - used_);
  }

 private:
  PackedState& out_;
  std::size_t word_ = 0;
  unsigned used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(const PackedState& in) : in_(in) {}

  std::uint8_t get(unsigned bits) {
    std::uint64_t value = in_[word_] >> used_;
    used_ += bits;
    if (used_ >= 64) {
      used_ -= 64;
      ++word_;
      if (used_ > 0) value |= in_[word_] << (bits - used_);
    }
    return static_cast<std::uint8_t>(value & ((1u << bits) - 1));
  }

 private:
  const PackedState& in_;
  std::size_t word_ = 0;
  unsigned used_ = 0;
};

/// Every set of members in terms of their new places.
class SetsInPlace {
 public:
  explicit SetsInPlace(const Seating& seats) {
    std::array<std::uint8_t, kMembersMax> bit_of{};
    for (std::size_t place = 0; place < kMembersMax; ++place)
      bit_of[seats[place]] = static_cast<std::uint8_t>(1u << place);
    for (unsigned set = 1; set < sets_.size(); ++set)
      sets_[set] = static_cast<std::uint8_t>(
          sets_[set & (set - 1)] | bit_of[static_cast<std::size_t>(std::countr_zero(set))]);
  }

  [[nodiscard]] std::uint8_t operator[](MemberSet set) const { return sets_[set.bits()]; }

 private:
  std::array<std::uint8_t, 1u << kMembersMax> sets_{};
};

unsigned bits_for(unsigned largest) {
  return static_cast<unsigned>(std::bit_width(largest));
}

}  // namespace

Packing::Packing(const Bounds& bounds)
    : bounds_(bounds), epoch_bits_(bits_for(bounds.epochs)), index_bits_(bits_for(bounds.log)) {
  const unsigned log = index_bits_ + bounds.log * (epoch_bits_ + bounds.members);
  const unsigned member = epoch_bits_ + 2 + index_bits_ + log;
  const unsigned matches = bounds.members * index_bits_;
  const unsigned history = bounds.epochs + index_bits_ + bounds.log * 2 * epoch_bits_;
  const unsigned leaders = bounds.epochs < bounds.members ? bounds.epochs : bounds.members;
  words_ = (bounds.members * member + leaders * matches + history + 63) / 64;
}

PackedState Packing::pack(const State& state, const Seating& seats) const {
  PackedState packed{};
  BitWriter out(packed);
  const SetsInPlace in_place(seats);
  for (MemberNumber place = 0; place < bounds_.members; ++place) {
    const Member& member = state.members[seats[place]];
    out.put(member.epoch, epoch_bits_);
    out.put(member.voted ? 1 : 0, 1);
    out.put(member.leads ? 1 : 0, 1);
    out.put(member.commit, index_bits_);
    out.put(member.log.last(), index_bits_);
    for (Index index = 1; index <= member.log.last(); ++index) {
      const Entry entry = member.log.at(index);
      out.put(entry.epoch, epoch_bits_);
      out.put(in_place[entry.view], bounds_.members);
    }
    for (MemberNumber other = 0; member.leads && other < bounds_.members; ++other)
      out.put(member.match[seats[other]], index_bits_);
  }
  const History& history = state.history;
  out.put(history.epochs_won >> 1, bounds_.epochs);
  out.put(history.committed_last, index_bits_);
  for (Index index = 1; index <= history.committed_last; ++index) {
    out.put(history.committed[index].epoch, epoch_bits_);
    out.put(history.committed[index].committed_in, epoch_bits_);
  }
  return packed;
}

State Packing::unpack(const PackedState& packed) const {
  State state = founded(bounds_);
  BitReader in(packed);
  for (MemberNumber place = 0; place < bounds_.members; ++place) {
    Member& member = state.members[place];
    member.epoch = in.get(epoch_bits_);
    member.voted = in.get(1) != 0;
    member.leads = in.get(1) != 0;
    member.commit = in.get(index_bits_);
    for (Index left = in.get(index_bits_); left > 0; --left) {
      const Epoch epoch = in.get(epoch_bits_);
      member.log.push({epoch, MemberSet(in.get(bounds_.members))});
    }
    for (MemberNumber other = 0; member.leads && other < bounds_.members; ++other)
      member.match[other] = in.get(index_bits_);
  }
  History& history = state.history;
  history.epochs_won = static_cast<std::uint8_t>(in.get(bounds_.epochs) << 1);
  history.committed_last = in.get(index_bits_);
  for (Index index = 1; index <= history.committed_last; ++index) {
    history.committed[index].epoch = in.get(epoch_bits_);
    history.committed[index].committed_in = in.get(epoch_bits_);
  }
  return state;
}

}  // namespace tests::exploration
