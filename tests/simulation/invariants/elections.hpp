#pragma once

#include <map>
#include <unordered_map>

#include "gms/core/message.hpp"
#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// I1: at most one leader in each epoch.
class ElectionSafety {
 public:
  void leads(World& world, const ShadowMember& leader, gms::model::Epoch epoch);

 private:
  std::unordered_map<std::uint64_t, gms::model::MemberId> leaders_;
};

/// I4: a new leader has everything that leaders before it committed.
class LeaderCompleteness {
 public:
  static void leads(World& world, const ShadowMember& leader, gms::model::Epoch epoch);
};

/// I8: epochs and votes never go back, and nobody votes twice in an epoch, whatever restarts.
class VotesAreKept {
 public:
  static void persists(World& world, const ShadowMember& member, const gms::model::HardState& next);
  void released(World& world, const ShadowMember& member, const gms::core::Message& message);
  void recovered(World& world, const ShadowMember& member, const gms::model::HardState& found);
  /// Whether `voter` let a vote for `candidate` leave.
  [[nodiscard]] bool voted(const gms::model::MemberId& voter, gms::model::Epoch epoch,
                           const gms::model::MemberId& candidate) const;

 private:
  void vote(World& world, const ShadowMember& member, gms::model::Epoch epoch,
            const gms::model::MemberId& candidate);
  /// How many members voted for themselves in `epoch`.
  [[nodiscard]] std::size_t candidates(gms::model::Epoch epoch) const;

  std::map<std::pair<gms::model::Epoch, gms::model::MemberId>, gms::model::MemberId> votes_;
  std::map<gms::model::MemberId, gms::model::Epoch> epochs_;
};

/// I18: a leader was elected by a quorum of its own view, and by nobody else.
class ElectedByTheView {
 public:
  static void leads(World& world, const ShadowMember& leader, gms::model::Epoch epoch,
                    const VotesAreKept& votes);
};

}  // namespace tests::simulation
