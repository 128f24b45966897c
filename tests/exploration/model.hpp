#pragma once

#include <cstdint>
#include <vector>

#include "tests/exploration/rules.hpp"
#include "tests/exploration/state.hpp"

namespace tests::exploration {

enum class ActionKind : std::uint8_t {
  /// `by` wins `epoch` with the votes of `members`: the whole election is one action.
  elect,
  /// `by` appends an entry that is no view.
  append,
  /// `by` appends the view `members`.
  append_view,
  /// `to` takes the first entry of `by` that it lacks, if any, and acknowledges it: one action.
  replicate,
  /// `by` raises its commit as far as it may.
  commit,
  /// `to` hears how far the commit of `by` is, and believes as much of it as it acknowledged.
  learn_commit,
  /// `by` stops leading. What it has on disk stays.
  crash,
  /// Faults, which the rules of the protocol exclude.
  lose_disk,
  lose_tail,
  lose_vote,
};

struct Action {
  ActionKind kind = ActionKind::crash;
  MemberNumber by = 0;
  MemberNumber to = 0;
  Epoch epoch = 0;
  MemberSet members;

  friend constexpr bool operator==(const Action&, const Action&) = default;
};

/// Which of the allowed actions are listed. `enough` are those that reach every violation that any
/// actions reach, in as few steps. That leaves out elections with more votes than are needed, and
/// crashes: a member that did not vote, or did not stop leading, can still do whatever it could do
/// otherwise. And it leaves out that followers learn of commits, where no rule reads that.
enum class Listing : std::uint8_t { enough, all };

/// The protocol as a machine with few and large steps: which actions a state allows, and what comes
/// of each. Messages, time and the difference between memory and disk are not in it. Thread rule:
/// any.
class Model {
 public:
  explicit Model(const Bounds& bounds, Breach breach = Breach::none,
                 Listing listing = Listing::enough)
      : bounds_(bounds), rules_(bounds, breach), listing_(listing) {}

  [[nodiscard]] const Bounds& bounds() const { return bounds_; }
  [[nodiscard]] State start() const { return founded(bounds_); }

  /// Replaces `out` by the actions that lead on from `state`, in a fixed order.
  void actions(const State& state, std::vector<Action>& out) const;

  /// Whether the rules allow `action` in `state`. Knows all actions, listed or
  /// not.
  [[nodiscard]] bool allows(const State& state, const Action& action) const;

  /// What becomes of `state`. Precondition: allows(state, action).
  [[nodiscard]] State after(const State& state, const Action& action) const;

  /// Drops from `state` what no rule will read again, so that more states are equal.
  void forget(State& state) const;

 private:
  void list_elections(const State& state, MemberNumber candidate, std::vector<Action>& out) const;
  void list_leading(const State& state, MemberNumber leader, std::vector<Action>& out) const;
  void list_faults(const State& state, MemberNumber member, std::vector<Action>& out) const;
  [[nodiscard]] bool allows_election(const State& state, const Action& action) const;
  [[nodiscard]] bool allows_append(const State& state, MemberNumber leader) const;
  [[nodiscard]] bool allows_replication(const State& state, const Action& action) const;
  [[nodiscard]] bool allows_learning(const State& state, const Action& action) const;

  Bounds bounds_;
  Rules rules_;
  Listing listing_;
};

}  // namespace tests::exploration
