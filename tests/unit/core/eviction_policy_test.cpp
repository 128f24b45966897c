#include <gtest/gtest.h>

#include "gms/core/view_policy.hpp"
#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;
using namespace std::chrono_literals;

/// A view of 1..voters with a leader 1 that hears all of it but the last `dead`, which are marked
/// down and have been silent for evict_after, the last one for the longest.
struct Group {
  explicit Group(std::uint64_t voters, std::uint64_t dead = 0) : view(view_of(1, voters)) {
    for (std::uint64_t i = 1; i <= voters; ++i) {
      VoterFacts voter;
      voter.id = member(i);
      voter.heard_for = 60s;
      voter.self = i == 1;
      facts.push_back(voter);
      if (i + dead > voters) kill(i);
    }
  }

  /// Marks it down and silent for just long enough for that.
  void lose(std::uint64_t number) {
    facts[number - 1].silence = config.suspect;
    facts[number - 1].heard_for = Duration();
    std::erase(view.up, member(number));
  }

  void kill(std::uint64_t number) {
    facts[number - 1].silence = config.evict_after + Duration(number);
    facts[number - 1].heard_for = Duration();
    std::erase(view.up, member(number));
  }

  [[nodiscard]] PolicyFacts observed() const {
    return {view, facts, joiners, {}, GroupClock(1000), since_lowered};
  }
  [[nodiscard]] std::optional<ViewChange> decide() const {
    return next_view_change(observed(), config);
  }
  /// Who is evicted next; none if nobody is.
  [[nodiscard]] MemberId evicted() const {
    const auto change = decide();
    return change && change->cause == ViewCause::evict ? change->members.front() : MemberId();
  }

  Config config;
  View view;
  std::vector<VoterFacts> facts;
  std::vector<JoinerFacts> joiners;
  std::optional<Duration> since_lowered;
};

/// Somebody of the name of `number`, with a directory made anew.
JoinerFacts successor_of(std::uint64_t number, bool ready) {
  return {{member(100 + number), "m" + std::to_string(number), "", ""}, ready};
}

TEST(EvictionPolicy, TakesAsManyTogetherAsLowerTheQuorum) {
  const std::vector<std::size_t> paired{1, 1, 2, 1, 2, 1, 2, 1, 2};
  for (std::size_t voters = 1; voters <= paired.size(); ++voters) {
    EXPECT_EQ(evicted_together(voters, EvictMode::paired), paired[voters - 1]) << voters;
    EXPECT_EQ(evicted_together(voters, EvictMode::eager), 1U) << voters;
  }
}

TEST(EvictionPolicy, EvictsWhereItLowersTheQuorumAndTheFloorAllowsIt) {
  struct Row {
    std::uint64_t voters;
    std::uint64_t dead;
    std::uint8_t floor;
    EvictMode mode;
    bool evicts;
  };
  constexpr EvictMode kPaired = EvictMode::paired;
  constexpr EvictMode kEager = EvictMode::eager;
  const std::vector<Row> rows{
      {3, 1, 3, kPaired, false}, {4, 1, 3, kPaired, true},  {5, 1, 3, kPaired, false},
      {5, 2, 3, kPaired, true},  {5, 2, 5, kPaired, false}, {6, 1, 3, kPaired, true},
      {6, 2, 3, kPaired, true},  {6, 1, 5, kPaired, true},  {7, 1, 3, kPaired, false},
      {7, 2, 5, kPaired, true},  {7, 3, 3, kPaired, true},  {9, 4, 7, kPaired, true},
      {3, 1, 1, kPaired, false}, {4, 1, 1, kPaired, true},  {3, 1, 3, kEager, false},
      {4, 1, 3, kEager, true},   {5, 1, 3, kEager, true},   {5, 1, 5, kEager, false},
  };
  for (const Row& row : rows) {
    Group group(row.voters, row.dead);
    group.view.floor = row.floor;
    group.config.evict_mode = row.mode;
    EXPECT_EQ(!group.evicted().is_none(), row.evicts)
        << int(row.dead) << " dead of " << row.voters << ", floor " << int(row.floor);
  }
}

TEST(EvictionPolicy, TakesTheLongestDeadFirst) {
  Group group(5, 2);
  EXPECT_EQ(group.evicted(), member(5));
  group.facts[3].silence += 1s;
  EXPECT_EQ(group.evicted(), member(4));
}

TEST(EvictionPolicy, ASilentVoterIsMarkedDownFirstAndDeadOnlyAfterItsTime) {
  Group group(4, 1);
  group.facts[3].silence = group.config.evict_after - 1ms;
  EXPECT_FALSE(group.decide().has_value());
  group.facts[3].silence = group.config.evict_after;
  EXPECT_EQ(group.evicted(), member(4));
  group.view.up.push_back(member(4));
  ASSERT_TRUE(group.decide().has_value());
  EXPECT_EQ(group.decide()->cause, ViewCause::down);
}

TEST(EvictionPolicy, WaitsBetweenEvictionsThatLowerTheQuorum) {
  Group group(4, 1);
  group.since_lowered = group.config.evict_min_gap - 1ms;
  EXPECT_TRUE(group.evicted().is_none());
  group.since_lowered = group.config.evict_min_gap;
  EXPECT_EQ(group.evicted(), member(4));
}

TEST(EvictionPolicy, NeedsAQuorumOfTheOldViewAndOfTheNewOne) {
  Group group(4, 1);
  group.facts[2].silence = group.config.election_min;
  EXPECT_TRUE(group.evicted().is_none());
  group.facts[2].silence = group.config.election_min - 1ms;
  EXPECT_EQ(group.evicted(), member(4));
}

TEST(EvictionPolicy, SparesWhomSomebodyWorksOnUntilTheTimeIsOver) {
  Group group(4, 1);
  group.view.maintenance = {{member(4), GroupClock(1001)}};
  EXPECT_TRUE(group.evicted().is_none());
  group.view.maintenance = {{member(4), GroupClock(1000)}};
  EXPECT_EQ(group.evicted(), member(4));
  // In maintenance it is marked down all the same.
  group.view.maintenance = {{member(4), GroupClock(5000)}};
  group.view.up.push_back(member(4));
  ASSERT_TRUE(group.decide().has_value());
  EXPECT_EQ(group.decide()->cause, ViewCause::down);
}

TEST(EvictionPolicy, OneThatLostWhatItAcknowledgedIsDownAndDeadAtOnceThoughItIsHeard) {
  Group group(4);
  group.facts[1].regressed = true;
  ASSERT_TRUE(group.decide().has_value());
  EXPECT_EQ(group.decide()->cause, ViewCause::down);
  std::erase(group.view.up, member(2));
  ASSERT_EQ(group.evicted(), member(2));
  EXPECT_EQ(group.decide()->reason, EvictionReason::regressed);
}

TEST(EvictionPolicy, ASilentVoterWhosePlaceIsWantedIsDeadAtOnce) {
  Group group(4);
  group.lose(4);
  EXPECT_FALSE(group.decide().has_value());
  group.joiners = {successor_of(4, false)};
  ASSERT_EQ(group.evicted(), member(4));
  EXPECT_EQ(group.decide()->reason, EvictionReason::replaced);
  // A place is not the matter of a rate.
  group.since_lowered = 0ms;
  EXPECT_EQ(group.evicted(), member(4));
  group.facts[3].silence = group.config.suspect - 1ms;
  EXPECT_TRUE(group.evicted().is_none());
}

TEST(EvictionPolicy, TheSuccessorOfADeadVoterWaitsForItsPlace) {
  Group group(5);
  group.lose(5);
  group.joiners = {successor_of(5, false)};
  // Of five, one alone does not go for a successor that is not ready.
  EXPECT_FALSE(group.decide().has_value());
  group.joiners = {successor_of(5, true)};
  EXPECT_EQ(group.evicted(), member(5));
  group.view.maintenance = {{member(5), GroupClock(9000)}};
  EXPECT_FALSE(group.decide().has_value());
}

TEST(EvictionPolicy, AtTheFloorTheSuccessorComesFirstAndTheDeadOneGoesThen) {
  Group group(3);
  group.lose(3);
  group.joiners = {successor_of(3, true)};
  const auto join = group.decide();
  ASSERT_TRUE(join.has_value());
  ASSERT_EQ(join->cause, ViewCause::join);
  group.view = changed(group.view, *join, GroupClock(1000));
  group.joiners.clear();
  VoterFacts fresh;
  fresh.id = join->joiner.id;
  group.facts.push_back(fresh);
  EXPECT_EQ(group.evicted(), member(3));
  // Even if it is heard again meanwhile: two cannot have one place.
  group.facts[2].silence = 0ms;
  EXPECT_EQ(group.evicted(), member(3));
  EXPECT_EQ(group.view.find_name("m3")->id, join->joiner.id);
}

TEST(EvictionPolicy, AJoinerForThePlaceOfALivingVoterIsNotAdmitted) {
  Group group(5);
  group.joiners = {successor_of(5, true)};
  EXPECT_FALSE(group.decide().has_value());
}

TEST(EvictionPolicy, IncarnationsOfOneAndMembersOfANameHaveOnePlace) {
  const Member old{{NodeId(1), Incarnation(1)}, "a", "", ""};
  EXPECT_TRUE(takes_place_of({{NodeId(1), Incarnation(2)}, "b", "", ""}, old));
  EXPECT_TRUE(takes_place_of({{NodeId(2), Incarnation(1)}, "a", "", ""}, old));
  EXPECT_FALSE(takes_place_of({{NodeId(2), Incarnation(1)}, "b", "", ""}, old));
  EXPECT_FALSE(takes_place_of(old, old));
}

TEST(EvictionPolicy, HysteresisDoublesWithEachFlapUpToItsMaximum) {
  Config config;
  config.up_hysteresis = 1000ms;
  config.up_hysteresis_max = 60s;
  const std::vector<Duration> needed{1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s};
  for (unsigned flaps = 0; flaps < needed.size(); ++flaps)
    EXPECT_EQ(up_hysteresis_after(flaps, config), needed[flaps]) << flaps;
  EXPECT_EQ(up_hysteresis_after(4'000'000'000U, config), 60s);
  config.up_hysteresis_max = 1000ms;
  EXPECT_EQ(up_hysteresis_after(9, config), 1s);
}

TEST(EvictionPolicy, AVoterThatFlappedIsHeardForLongerBeforeItIsUp) {
  Group group(3);
  std::erase(group.view.up, member(3));
  group.facts[2].flaps = 2;
  group.facts[2].heard_for = 4 * group.config.up_hysteresis - 1ms;
  EXPECT_FALSE(group.decide().has_value());
  group.facts[2].heard_for += 1ms;
  ASSERT_TRUE(group.decide().has_value());
  EXPECT_EQ(group.decide()->cause, ViewCause::up);
}

TEST(EvictionPolicy, AnOperatorHearsWhyAnEvictionWouldHurt) {
  Group five(5);
  EXPECT_FALSE(why_not_evict(five.observed(), member(5), five.config).has_value());
  EXPECT_EQ(why_not_evict(five.observed(), member(1), five.config)->detail,
            "m1 leads; hand leadership over first");
  five.view.maintenance = {{member(5), GroupClock(9000)}};
  EXPECT_EQ(why_not_evict(five.observed(), member(5), five.config)->detail,
            "m5 is in maintenance; end that first");
  const Group three(3);
  const auto below = why_not_evict(three.observed(), member(3), three.config);
  ASSERT_TRUE(below.has_value());
  EXPECT_EQ(below->code, ErrorCode::conflict);
  EXPECT_EQ(below->detail,
            "2 voters would be left, with a quorum of 2 instead of 2; the floor is 3. A member "
            "that goes for good can leave");
  Group four(4, 2);
  const auto unheard = why_not_evict(four.observed(), member(4), four.config);
  ASSERT_TRUE(unheard.has_value());
  EXPECT_EQ(unheard->code, ErrorCode::unavailable);
  EXPECT_EQ(unheard->detail,
            "of the 4 voters 2 are heard, of those left 2 can go on; it takes 3 and 2");
}

TEST(EvictionPolicy, AChangeSetsAndEndsMaintenanceAndForgetsWhatIsOver) {
  const View view = view_of(1, 3);
  const auto maintain = [](std::uint64_t number, std::uint64_t until) {
    return ViewChange{ViewCause::maintenance, {member(number)}, {}, {}, GroupClock(until)};
  };
  View next = changed(view, maintain(3, 500), GroupClock(100));
  next = changed(next, maintain(2, 300), GroupClock(100));
  EXPECT_EQ(next.maintenance,
            (std::vector<Maintenance>{{member(2), GroupClock(300)}, {member(3), GroupClock(500)}}));
  EXPECT_TRUE(next.in_maintenance(member(2), GroupClock(299)));
  EXPECT_FALSE(next.in_maintenance(member(2), GroupClock(300)));
  EXPECT_FALSE(next.in_maintenance(member(1), GroupClock(0)));
  const View later = changed(next, {ViewCause::down, {member(1)}, {}, {}, {}}, GroupClock(300));
  EXPECT_EQ(later.maintenance, (std::vector<Maintenance>{{member(3), GroupClock(500)}}));
  EXPECT_TRUE(changed(later, maintain(3, 0), GroupClock(300)).maintenance.empty());
  const View left = changed(next, {ViewCause::leave, {member(2)}, {}, {}, {}}, GroupClock(100));
  EXPECT_EQ(left.maintenance.size(), 1U);
}

TEST(EvictionPolicy, TimersThatDoNotFitAreRefused) {
  Config config;
  EXPECT_TRUE(validate(config).has_value());
  config.evict_after = config.suspect;
  EXPECT_EQ(validate(config).error().detail, "evict_after must be more than suspect");
  config = Config();
  config.up_hysteresis_max = config.up_hysteresis - 1ms;
  EXPECT_EQ(validate(config).error().detail, "up_hysteresis_max must be at least up_hysteresis");
  config = Config();
  config.evict_min_gap = 0ms;
  EXPECT_EQ(validate(config).error().detail, "evict_min_gap must be more than 0");
}

}  // namespace
}  // namespace gms::core
