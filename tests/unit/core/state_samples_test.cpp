#include "gms/core/state_samples.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;

StateSample sample(std::uint64_t index, std::uint64_t digest) {
  return {Index(index), StateDigest(digest)};
}

StateSamples samples_of(std::initializer_list<StateSample> list, std::uint64_t interval = 1000) {
  StateSamples out(interval, 8);
  for (const StateSample& one : list) out.add(one);
  return out;
}

TEST(StateSamples, TellTheNewestAndTheLastOfWholeIntervals) {
  const StateSamples samples =
      samples_of({sample(3, 1), sample(10, 2), sample(12, 3), sample(19, 4), sample(31, 5),
                  sample(40, 6), sample(41, 7), sample(42, 8)},
                 10);
  EXPECT_EQ(samples.report(),
            (std::vector<StateSample>{sample(10, 2), sample(19, 4), sample(40, 6), sample(42, 8)}));
}

TEST(StateSamples, WhatIsNotNewerSaysNothing) {
  StateSamples samples = samples_of({sample(3, 1)});
  samples.add(sample(3, 2));
  samples.add(sample(2, 2));
  EXPECT_EQ(samples.report(), (std::vector<StateSample>{sample(3, 1)}));
}

TEST(StateSamples, RememberIntervalsForLongerThanTheirParts) {
  StateSamples samples(10, 4);
  for (std::uint64_t index = 1; index <= 100; ++index) samples.add(sample(index, index));
  EXPECT_EQ(samples.at(Index(100)), StateDigest(100));
  EXPECT_EQ(samples.at(Index(97)), StateDigest(97));
  EXPECT_EQ(samples.at(Index(96)), std::nullopt);
  EXPECT_EQ(samples.at(Index(60)), StateDigest(60));
  EXPECT_EQ(samples.at(Index(50)), std::nullopt);
  samples.clear();
  EXPECT_TRUE(samples.empty());
  EXPECT_EQ(samples.at(Index(100)), std::nullopt);
}

/// The verdict of member 1 with `own` on what members 2, 3 and so on said, all voters.
StateJudgement judged(std::initializer_list<StateSample> own,
                      const std::vector<std::vector<StateSample>>& others, Index from = Index()) {
  std::vector<StateOpinion> opinions;
  for (const auto& samples : others)
    opinions.push_back({member(opinions.size() + 2), true, samples, {}, {}});
  return judge(samples_of(own), opinions, others.size() + 1, from);
}

TEST(StateJudgement, WhoDiffersFromAQuorumHasDiverged) {
  const StateJudgement verdict =
      judged({sample(4, 40), sample(5, 50)}, {{sample(4, 41)}, {sample(5, 50)}});
  ASSERT_EQ(verdict.diverged.size(), 1U);
  EXPECT_EQ(verdict.diverged.front().member, member(2));
  EXPECT_EQ(verdict.diverged.front().index, Index(4));
  EXPECT_TRUE(verdict.disputed.empty());
  EXPECT_TRUE(verdict.leader_confirmed);
  EXPECT_EQ(verdict.leader_diverged, std::nullopt);
}

TEST(StateJudgement, WhoAgreedEarlierIsNoWitnessOfALaterIndex) {
  const StateJudgement verdict =
      judged({sample(4, 40), sample(5, 50)}, {{sample(5, 51)}, {sample(4, 40)}});
  EXPECT_TRUE(verdict.diverged.empty());
  ASSERT_EQ(verdict.disputed.size(), 1U);
  EXPECT_EQ(verdict.disputed.front().member, member(2));
}

TEST(StateJudgement, ALeaderThatDiffersFromAQuorumHasDiverged) {
  const StateJudgement verdict =
      judged({sample(4, 40), sample(5, 50)}, {{sample(4, 41), sample(5, 51)}, {sample(5, 51)}});
  EXPECT_TRUE(verdict.diverged.empty());
  EXPECT_EQ(verdict.leader_diverged, Index(5));
  EXPECT_FALSE(verdict.leader_confirmed);
}

TEST(StateJudgement, OfTwoOrOfThreeKindsNobodyIsRight) {
  EXPECT_TRUE(judged({sample(5, 50)}, {{sample(5, 51)}}).diverged.empty());
  EXPECT_EQ(judged({sample(5, 50)}, {{sample(5, 51)}}).leader_diverged, std::nullopt);
  const StateJudgement three = judged({sample(5, 50)}, {{sample(5, 51)}, {sample(5, 52)}});
  EXPECT_TRUE(three.diverged.empty());
  EXPECT_EQ(three.leader_diverged, std::nullopt);
  EXPECT_EQ(three.disputed.size(), 2U);
}

TEST(StateJudgement, WhatIsNotKnownHereSaysNothing) {
  const StateJudgement verdict = judged({sample(5, 50)}, {{sample(4, 1)}, {sample(6, 2)}, {}});
  EXPECT_TRUE(verdict.diverged.empty());
  EXPECT_TRUE(verdict.disputed.empty());
  EXPECT_FALSE(verdict.leader_confirmed);
}

TEST(StateJudgement, WhoAgreedEarlierDoesNotConfirmALeader) {
  const auto confirmed = [](std::uint64_t from) {
    return judged({sample(4, 40), sample(9, 90)}, {{sample(4, 40)}, {}}, Index(from))
        .leader_confirmed;
  };
  EXPECT_TRUE(confirmed(4));
  EXPECT_FALSE(confirmed(5));
  // No sample is as late as that, but one at the leader's newest is as good.
  EXPECT_FALSE(confirmed(12));
  EXPECT_TRUE(judged({sample(9, 90)}, {{sample(9, 90)}, {}}, Index(12)).leader_confirmed);
}

TEST(StateJudgement, WhatWasSeenBeforeCountsToo) {
  const StateSamples own = samples_of({sample(9, 90)});
  const std::vector<StateSample> unknown{sample(5, 50)};
  const std::vector<StateSample> right{sample(9, 90)};
  const std::vector<StateSample> wrong{sample(9, 91)};
  // One that is gone agreed when the one that differs did so already.
  const auto verdict = [&](std::uint64_t agreed) {
    const std::vector<StateOpinion> opinions{{member(2), true, unknown, Index(agreed), {}},
                                             {member(3), true, right, {}, {}},
                                             {member(4), true, wrong, {}, Index(4)}};
    return judge(own, opinions, 4, Index());
  };
  EXPECT_TRUE(verdict(3).diverged.empty());
  ASSERT_EQ(verdict(5).diverged.size(), 1U);
  EXPECT_EQ(verdict(5).diverged.front().index, Index(4));
  // Who was seen to differ confirms nobody by what it agreed to before.
  const std::vector<StateOpinion> opinions{{member(2), true, unknown, Index(9), Index(9)}};
  EXPECT_FALSE(judge(own, opinions, 2, Index()).leader_confirmed);
}

TEST(StateJudgement, LearnersAreJudgedAndDoNotJudge) {
  const std::vector<StateSample> right{sample(5, 50)};
  const std::vector<StateSample> wrong{sample(5, 51)};
  const std::vector<StateOpinion> opinions{{member(2), true, right, {}, {}},
                                           {member(3), false, wrong, {}, {}},
                                           {member(4), false, wrong, {}, {}}};
  const StateJudgement verdict = judge(samples_of({sample(5, 50)}), opinions, 3, Index());
  EXPECT_EQ(verdict.diverged.size(), 2U);
  EXPECT_EQ(verdict.leader_diverged, std::nullopt);
}

}  // namespace
}  // namespace gms::core
