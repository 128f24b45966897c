#pragma once

#include <vector>

#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// I5: one committed sequence. The first to commit an index fixes its entry.
class OneSequence {
 public:
  /// Precondition: the member's commit moves from `from` to `to`.
  static void commits(World& world, const ShadowMember& member, gms::model::Index from,
                      gms::model::Index to, gms::model::Epoch epoch);
};

/// I6: a leader commits only what a quorum of its view holds on stable storage, up to an entry of
/// its own epoch.
class CommitEvidence {
 public:
  /// Whether a member's last entry before its reign is on a quorum of disks and not committed: what
  /// nobody may commit by counting.
  static bool is_on_a_majority(World& world, const ShadowMember& leader);
  static void leader_commits(World& world, const ShadowMember& leader, gms::model::Index to,
                             gms::model::Epoch epoch);
};

/// I7: if the power failed now, whoever could be elected would have everything committed.
class InstantPowerLoss {
 public:
  static void check(World& world);
};

/// I16: those that committed a view and those that committed the next have a member in common.
class QuorumChain {
 public:
  void committed(World& world, const gms::model::PlacedView& view);

 private:
  std::vector<gms::model::MemberId> holders_;
  gms::model::ViewSeq seq_;
};

}  // namespace tests::simulation
