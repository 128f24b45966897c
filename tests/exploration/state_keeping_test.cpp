#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "tests/exploration/model.hpp"
#include "tests/exploration/packing.hpp"
#include "tests/exploration/state_set.hpp"
#include "tests/exploration/symmetry.hpp"
#include "tests/simulation/random.hpp"

namespace tests::exploration {
namespace {

using simulation::Concern;
using simulation::Random;

constexpr Bounds kFive{5, 3, 7, 4, 1};

/// States that random walks come through.
std::vector<State> some_states(const Bounds& bounds, std::size_t walks, std::size_t steps) {
  const Model model(bounds);
  std::vector<State> states;
  std::vector<Action> actions;
  Random random(1, Concern::workload);
  for (std::size_t i = 0; i < walks; ++i) {
    State state = model.start();
    for (std::size_t step = 0; step < steps; ++step) {
      states.push_back(state);
      model.actions(state, actions);
      if (actions.empty()) break;
      // The first are elections; what follows from them is wanted more often.
      const std::size_t drawn = random.below(actions.size());
      state = model.after(state, actions[std::max(drawn, random.below(actions.size()))]);
    }
  }
  return states;
}

TEST(Packing, GivesBackEveryStateWithinItsBounds) {
  const Packing packing(kFive);
  std::size_t with_commits = 0;
  for (const State& state : some_states(kFive, 50, 60)) {
    ASSERT_EQ(packing.unpack(packing.pack(state, own_seats())), state);
    if (state.history.committed_last > 0) ++with_commits;
  }
  EXPECT_GT(with_commits, 100u) << "the walks do not get far";
}

TEST(Packing, GivesBackAStateAsFullAsItsBoundsAllow) {
  for (const Bounds bounds :
       {Bounds{5, 5, 7, 4, 1}, Bounds{3, 3, 7, 8, 1}, Bounds{1, 1, 1, 0, 1}}) {
    const Packing packing(bounds);
    ASSERT_TRUE(packing.fits());
    State state = founded(bounds);
    for (MemberNumber number = 0; number < bounds.members; ++number) {
      Member& member = state.members[number];
      member = {bounds.epochs, true, member.log, bounds.log, number < bounds.epochs, {}};
      while (member.log.last() < bounds.log)
        member.log.push({bounds.epochs, MemberSet::first(bounds.members)});
      for (MemberNumber other = 0; member.leads && other < bounds.members; ++other)
        member.match[other] = bounds.log;
    }
    state.history.epochs_won = static_cast<std::uint8_t>((2u << bounds.epochs) - 2);
    state.history.committed_last = bounds.log;
    for (Index index = 1; index <= bounds.log; ++index)
      state.history.committed[index] = {bounds.epochs, bounds.epochs};
    EXPECT_EQ(packing.unpack(packing.pack(state, own_seats())), state);
  }
}

/// `state` with the members that `seats` names in their places.
State renamed(const Packing& packing, const State& state, const Seating& seats) {
  return packing.unpack(packing.pack(state, seats));
}

TEST(Symmetry, TakesStatesThatDifferInNamesAloneForOne) {
  const Packing packing(kFive);
  const Symmetry symmetry(kFive, packing);
  for (const State& state : some_states(kFive, 20, 60)) {
    Seating seats = own_seats();
    do {
      ASSERT_EQ(symmetry.canonical(renamed(packing, state, seats)), symmetry.canonical(state));
    } while (std::next_permutation(seats.begin(), seats.begin() + kFive.founders));
    std::swap(seats[3], seats[4]);
    ASSERT_EQ(symmetry.canonical(renamed(packing, state, seats)), symmetry.canonical(state));
  }
}

TEST(Symmetry, KeepsStatesApartThatDifferInMore) {
  const Packing packing(kFive);
  const Symmetry symmetry(kFive, packing);
  for (const State& state : some_states(kFive, 20, 60)) {
    const State canonical = packing.unpack(symmetry.canonical(state));
    bool is_renamed = false;
    Seating founders = own_seats();
    do {
      Seating swapped = founders;
      std::swap(swapped[3], swapped[4]);
      is_renamed = is_renamed || renamed(packing, state, founders) == canonical ||
                   renamed(packing, state, swapped) == canonical;
    } while (std::next_permutation(founders.begin(), founders.begin() + kFive.founders));
    ASSERT_TRUE(is_renamed);
  }
}

TEST(StateSet, KnowsWhatItHoldsAndInWhichOrderItCame) {
  StateSet set(3);
  std::map<PackedState, StateNumber> known;
  Random random(2, Concern::workload);
  for (int i = 0; i < 60'000; ++i) {
    const PackedState state{random.below(40), random.below(40), random.below(40)};
    const auto [number, is_new] = set.insert(state);
    ASSERT_EQ(is_new, known.emplace(state, number).second);
    ASSERT_EQ(number, known.at(state));
  }
  ASSERT_EQ(set.size(), known.size());
  for (const auto& [state, number] : known) ASSERT_EQ(set.at(number), state);
}

}  // namespace
}  // namespace tests::exploration
