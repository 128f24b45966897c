#pragma once

#include <gtest/gtest.h>

#include "tests/exploration/model.hpp"

namespace tests::exploration {

/// The life of a modelled group, told action by action. An action that the rules do not allow fails
/// the test. Thread rule: one thread.
class GroupStory {
 public:
  explicit GroupStory(const Bounds& bounds, Breach breach = Breach::none)
      : model_(bounds, breach, Listing::all), state_(model_.start()) {}

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const Member& member(MemberNumber number) const { return state_.members[number]; }
  [[nodiscard]] bool allows(const Action& action) const { return model_.allows(state_, action); }
  [[nodiscard]] bool allows_election(MemberNumber candidate, Epoch epoch, MemberSet voters) const {
    return allows({ActionKind::elect, candidate, 0, epoch, voters});
  }
  [[nodiscard]] bool allows_view(MemberNumber leader, MemberSet view) const {
    return allows({ActionKind::append_view, leader, 0, 0, view});
  }

  void apply(const Action& action) {
    ASSERT_TRUE(allows(action));
    state_ = model_.after(state_, action);
  }
  void elect(MemberNumber candidate, Epoch epoch, MemberSet voters) {
    apply({ActionKind::elect, candidate, 0, epoch, voters});
  }
  void append(MemberNumber leader) { apply({ActionKind::append, leader, 0, 0, {}}); }
  void append_view(MemberNumber leader, MemberSet view) {
    apply({ActionKind::append_view, leader, 0, 0, view});
  }
  void replicate(MemberNumber leader, MemberNumber follower) {
    apply({ActionKind::replicate, leader, follower, 0, {}});
  }
  void commit(MemberNumber leader) { apply({ActionKind::commit, leader, 0, 0, {}}); }

 private:
  Model model_;
  State state_;
};

}  // namespace tests::exploration
