#include "tests/exploration/invariants.hpp"

#include <gtest/gtest.h>

namespace tests::exploration {
namespace {

constexpr Bounds kThree{3, 3, 3, 3, 1};

/// A leads epoch 1 and has committed its entry 1.
State committed_once() {
  State state = founded(kThree);
  Member& leader = state.members[0];
  leader.epoch = 1;
  leader.leads = true;
  leader.log.push({1, {}});
  leader.commit = 1;
  state.history.epochs_won = 1u << 1;
  state.history.committed_last = 1;
  state.history.committed[1] = {1, 1};
  return state;
}

State with_leader(State state, MemberNumber number, Epoch epoch, Log log) {
  state.members[number].epoch = epoch;
  state.members[number].leads = true;
  state.members[number].log = log;
  return state;
}

TEST(Invariants, HoldInAnEpochWithoutAnythingWrong) {
  const State state = committed_once();
  const State after = with_leader(state, 1, 2, state.members[0].log);
  EXPECT_EQ(broken_by(state, {ActionKind::elect, 1, 0, 2, MemberSet(6)}, after), std::nullopt);
}

TEST(Invariants, NoticeASecondLeaderOfAnEpoch) {
  const State state = committed_once();
  const State after = with_leader(state, 1, 1, state.members[0].log);
  EXPECT_EQ(broken_by(state, {ActionKind::elect, 1, 0, 1, MemberSet(6)}, after),
            Invariant::one_leader_an_epoch);
}

TEST(Invariants, NoticeALeaderThatLacksWhatAnEarlierEpochCommitted) {
  const State state = committed_once();
  const State after = with_leader(state, 1, 2, Log(MemberSet::first(3)));
  EXPECT_EQ(broken_by(state, {ActionKind::elect, 1, 0, 2, MemberSet(6)}, after),
            Invariant::leader_completeness);
}

TEST(Invariants, AllowALateLeaderOfAnEarlierEpochToKnowLess) {
  State state = committed_once();
  state.history.committed[1].committed_in = 3;
  const State after = with_leader(state, 1, 2, Log(MemberSet::first(3)));
  EXPECT_EQ(broken_by(state, {ActionKind::elect, 1, 0, 2, MemberSet(6)}, after), std::nullopt);
}

TEST(Invariants, NoticeTwoEntriesCommittedAtOneIndex) {
  State state = committed_once();
  state.history.committed[1].committed_in = 3;
  Log other(MemberSet::first(3));
  other.push({2, {}});
  State after = with_leader(state, 1, 2, other);
  after.members[1].commit = 1;
  EXPECT_EQ(broken_by(state, {ActionKind::commit, 1, 0, 0, {}}, after),
            Invariant::one_entry_an_index);
}

}  // namespace
}  // namespace tests::exploration
