#include "tests/exploration/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/exploration/packing.hpp"
#include "tests/exploration/symmetry.hpp"
#include "tests/exploration/variants.hpp"
#include "tests/exploration/walk.hpp"
#include "tests/exploration/words.hpp"

namespace tests::exploration {

/// What GoogleTest calls a parameter.
void PrintTo(const Variant& variant, std::ostream* out) {
  *out << variant.name;
}
void PrintTo(const CleanSearch& search, std::ostream* out) {
  *out << search.variant << " within " << to_text(search.bounds);
}

namespace {

/// Whether the counterexample can be told from the start, and breaks what it says with its last
/// step and nothing before.
void expect_to_hold(const Model& model, const Counterexample& told) {
  State state = model.start();
  std::optional<Invariant> broken;
  for (const Action& action : told.actions) {
    ASSERT_EQ(broken, std::nullopt) << "broken before its end";
    ASSERT_TRUE(model.allows(state, action)) << describe(model, state, action);
    const State after = model.after(state, action);
    broken = broken_by(state, action, after);
    state = after;
  }
  EXPECT_EQ(broken, told.broken);
}

class EachVariant : public testing::TestWithParam<Variant> {};

TEST_P(EachVariant, BreaksAnInvariantInAsManyStepsAsItIsKnownTo) {
  const Model model(GetParam().bounds, GetParam().breach);
  const SearchResult result = search(model);
  ASSERT_FALSE(result.gave_up);
  ASSERT_EQ(result.counterexample.has_value(), GetParam().steps > 0);
  if (!result.counterexample) return;
  EXPECT_EQ(result.counterexample->actions.size(), GetParam().steps)
      << describe(model, *result.counterexample);
  expect_to_hold(model, *result.counterexample);
}

INSTANTIATE_TEST_SUITE_P(Exploration, EachVariant,
                         testing::ValuesIn(variants().begin(), variants().end()),
                         [](const auto& tested) { return std::string(tested.param.name); });

class WithinBounds : public testing::TestWithParam<CleanSearch> {};

TEST_P(WithinBounds, NoStateBreaksAnInvariant) {
  const Model model(GetParam().bounds, find_variant(GetParam().variant)->breach);
  const SearchResult result = search(model);
  EXPECT_FALSE(result.gave_up);
  EXPECT_FALSE(result.counterexample) << describe(model, *result.counterexample);
}

std::string test_name(const CleanSearch& search) {
  std::string name = std::string(search.variant) + '_' + to_text(search.bounds);
  std::ranges::replace_if(name, [](char c) { return c == '=' || c == ','; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Exploration, WithinBounds,
                         testing::ValuesIn(small_searches().begin(), small_searches().end()),
                         [](const auto& tested) { return test_name(tested.param); });

/// What Listing::enough leaves out is not needed: with it there is no shorter way to a violation.
class WithAllActions : public testing::TestWithParam<Variant> {};

TEST_P(WithAllActions, TheShortestCounterexampleIsNoShorter) {
  const Model model(GetParam().bounds, GetParam().breach, Listing::all);
  const SearchResult result = search(model);
  ASSERT_FALSE(result.gave_up);
  const std::size_t steps = result.counterexample ? result.counterexample->actions.size() : 0;
  EXPECT_EQ(steps, GetParam().steps);
}

std::vector<Variant> quick_variants() {
  std::vector<Variant> quick(variants().begin(), variants().end());
  std::erase_if(quick, [](const Variant& variant) { return variant.steps > 10; });
  return quick;
}

INSTANTIATE_TEST_SUITE_P(Exploration, WithAllActions, testing::ValuesIn(quick_variants()),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Search, FindsEachStateOfASmallGroupOnce) {
  // One member: founded; then, for each of two epochs, elected with an empty log, with an entry,
  // and with that committed; in epoch 2 the same again after each end of epoch 1.
  const SearchResult one = search(Model({1, 1, 1, 1, 1}));
  EXPECT_EQ(one.states, 4u);
  EXPECT_EQ(one.depth, 3u);
}

/// Every state that can be reached, with names kept apart.
std::set<PackedState> states_with_names(const Model& model) {
  const Packing packing(model.bounds());
  std::set<PackedState> found;
  std::vector<State> open = {model.start()};
  std::vector<Action> actions;
  while (!open.empty()) {
    const State state = open.back();
    open.pop_back();
    if (!found.insert(packing.pack(state, own_seats())).second) continue;
    model.actions(state, actions);
    for (const Action& action : actions) {
      open.push_back(model.after(state, action));
      model.forget(open.back());
    }
  }
  return found;
}

TEST(Search, ReachesUpToNamesWhatASearchWithNamesReaches) {
  for (const Bounds bounds :
       {Bounds{3, 3, 2, 2, 1}, Bounds{3, 2, 2, 2, 1}, Bounds{4, 2, 1, 4, 1}}) {
    const Model model(bounds);
    const Packing packing(bounds);
    const Symmetry symmetry(bounds, packing);
    const std::set<PackedState> named = states_with_names(model);
    std::set<PackedState> unnamed;
    for (const PackedState& packed : named)
      unnamed.insert(symmetry.canonical(packing.unpack(packed)));
    EXPECT_EQ(search(model).states, unnamed.size());
    EXPECT_LT(unnamed.size(), named.size());
  }
}

TEST(Search, SaysThatItGaveUp) {
  const SearchResult result = search(Model({3, 3, 3, 3, 1}), 100);
  EXPECT_TRUE(result.gave_up);
  EXPECT_GT(result.states, 100u);
}

TEST(Walks, FindWhatIsNotRare) {
  const Model model({5, 5, 4, kLogMax, 1}, Breach::lost_vote, Listing::all);
  std::size_t violations = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto found = walk(model, seed, 100);
    if (!found) continue;
    ++violations;
    expect_to_hold(model, *found);
  }
  EXPECT_GT(violations, 10u);
}

TEST(Walks, FindNothingWrongWithTheRules) {
  for (const MemberNumber floor : {MemberNumber{1}, MemberNumber{3}}) {
    const Model model({5, 5, 4, kLogMax, floor}, Breach::none, Listing::all);
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
      const auto found = walk(model, seed, 100);
      ASSERT_FALSE(found) << describe(model, *found);
    }
  }
}

TEST(Walks, AreAFunctionOfTheirSeed) {
  const Model model({5, 5, 4, kLogMax, 1}, Breach::lost_vote, Listing::all);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto once = walk(model, seed, 100);
    const auto again = walk(model, seed, 100);
    ASSERT_EQ(once.has_value(), again.has_value());
    EXPECT_EQ(once.value_or(Counterexample()).actions, again.value_or(Counterexample()).actions);
  }
}

TEST(BoundsText, IsReadAsItIsWritten) {
  const Bounds bounds{4, 3, 2, 5, 3};
  EXPECT_EQ(to_text(bounds), "members=4,founders=3,epochs=2,log=5,floor=3");
  EXPECT_EQ(parse_bounds(to_text(bounds)), bounds);
  EXPECT_EQ(parse_bounds("members=4,epochs=3,log=5"), (Bounds{4, 4, 3, 5, 1}));
}

TEST(BoundsText, OfAnotherFormIsRefused) {
  for (const std::string_view text :
       {"", "members", "members=", "members=x", "members=3x", "members=3,", "seats=3", "members=6",
        "members=0", "log=9", "members=3,founders=4", "members=5,epochs=4,log=8"})
    EXPECT_FALSE(parse_bounds(text)) << text;
}

/// The story, without the line that says what is broken.
std::string tell(const Model& model, const std::vector<Action>& actions) {
  const std::string text = describe(model, {Invariant::one_leader_an_epoch, actions});
  return text.substr(text.find('\n') + 1);
}

TEST(Words, TellWhatBecomesOfEntries) {
  const Model model({3, 3, 3, 3, 1});
  EXPECT_EQ(tell(model, {{ActionKind::elect, 0, 0, 1, MemberSet(3)},
                         {ActionKind::append, 0, 0, 0, {}},
                         {ActionKind::elect, 2, 0, 2, MemberSet(6)},
                         {ActionKind::append, 2, 0, 0, {}},
                         {ActionKind::replicate, 2, 0, 0, {}},
                         {ActionKind::replicate, 2, 0, 0, {}},
                         {ActionKind::commit, 2, 0, 0, {}},
                         {ActionKind::learn_commit, 2, 0, 0, {}},
                         {ActionKind::append_view, 2, 0, 0, MemberSet(5)},
                         {ActionKind::crash, 2, 0, 0, {}}}),
            "  1  A is elected in epoch 1 by A, B\n"
            "  2  A appends entry 1 of epoch 1\n"
            "  3  C is elected in epoch 2 by B, C\n"
            "  4  C appends entry 1 of epoch 2\n"
            "  5  A takes from C and acknowledges entry 1 of epoch 2, and drops what stood there\n"
            "  6  A acknowledges all that C has\n"
            "  7  C commits up to entry 1\n"
            "  8  A learns from C how far it has committed\n"
            "  9  C appends entry 2 of epoch 2, the view {A, C}\n"
            " 10  C crashes and comes back\n"
            "  at the end:\n"
            "     A is in epoch 2, knows commit 1, has 2.1\n"
            "     B is in epoch 2, knows commit 0, has no entries\n"
            "     C is in epoch 2, knows commit 1, has 2.1 2.2{A, C}\n");
}

TEST(Words, TellACounterexampleStepByStep) {
  const Variant& variant = *find_variant("foreign_votes");
  const Model model(variant.bounds, variant.breach);
  const Counterexample told{
      Invariant::one_leader_an_epoch,
      {{ActionKind::elect, 0, 0, 1, MemberSet(3)}, {ActionKind::elect, 2, 0, 1, MemberSet(12)}}};
  EXPECT_EQ(describe(model, told),
            "two leaders in one epoch, in 2 steps:\n"
            "  1  A is elected in epoch 1 by A, B\n"
            "  2  C is elected in epoch 1 by C, D\n"
            "  at the end:\n"
            "     A is in epoch 1, leads, knows commit 0, has no entries\n"
            "     B is in epoch 1, knows commit 0, has no entries\n"
            "     C is in epoch 1, leads, knows commit 0, has no entries\n"
            "     D is in epoch 1, knows commit 0, has no entries\n");
}

}  // namespace
}  // namespace tests::exploration
