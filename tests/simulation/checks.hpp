#pragma once

#include "tests/simulation/invariants/commits.hpp"
#include "tests/simulation/invariants/durability.hpp"
#include "tests/simulation/invariants/elections.hpp"
#include "tests/simulation/invariants/executions.hpp"
#include "tests/simulation/invariants/logs.hpp"
#include "tests/simulation/invariants/multicast.hpp"
#include "tests/simulation/invariants/removals.hpp"
#include "tests/simulation/oracle.hpp"

namespace tests::simulation {

/// Every checker, fed with all that happens to all members. Keeps the world's shadows up to date.
class Checks {
 public:
  explicit Checks(World& world) : world_(world) {}

  /// The member's process starts from `found`; its application is at `applied`.
  void starts(ShadowMember& member, const Recovered& found,
              const std::optional<gms::model::Mark>& applied);
  /// A message is about to arrive, at `now` by the member's clock.
  void receives(const ShadowMember& member, const gms::core::Message& message,
                gms::model::Instant now);
  /// An engine's effects at `now` by its clock, before the first is carried out.
  void observes(ShadowMember& member, const gms::core::Effects& effects, gms::model::Instant now);
  void durable(ShadowMember& member, gms::model::PersistSeq seq);
  void released(const ShadowMember& member, const gms::core::Message& message,
                gms::model::PersistSeq after);
  void status(const ShadowMember& member, const gms::core::Status& status,
              const gms::core::Config& config);
  void prevote_answered(const ShadowMember& member, const gms::core::Status& before,
                        const gms::core::Status& after);
  void stops(const ShadowMember& member) { silence_.stops(member); }
  void executes(const ShadowMember& member, const std::vector<Execution>& executions);
  void state(const ShadowMember& member, gms::model::Index index, std::uint64_t digest);
  /// Q1: the member's application is put out of use; whether it was flipped.
  void quarantined(const ShadowMember& member, bool flipped);
  void multicasts(const MulticastBody& body) { multicasts_.sends(body); }

  /// What recovery would find on the member's disk now.
  void image(const ShadowMember& member, const RecoveredEnd& found);
  /// Whether the next image checks are due: since an election or the first commit of an epoch.
  [[nodiscard]] bool take_images_due() { return std::exchange(images_due_, false); }
  /// What needs all disks: to be called whenever they are checked.
  void power_loss() { InstantPowerLoss::check(world_); }

  [[nodiscard]] const MulticastsAreExact& multicasts() const { return multicasts_; }
  [[nodiscard]] const OneExecution& executions() const { return executions_; }

 private:
  /// Q2: nothing comes of a state that is out of use.
  void is_in_use(const ShadowMember& member, const gms::core::Effect& effect);
  void persists(ShadowMember& member, const gms::model::PersistRequest& request);
  /// Whether another log has another view of the number that the run's last view has.
  void count_siblings(const ShadowMember& member, const gms::model::EntryRun& run);
  void multicast_dropped(const ShadowMember& member, const gms::core::MulticastDropped& event);
  void installs(ShadowMember& member, const gms::model::InstallRequest& install);
  void restores(ShadowMember& member, const gms::model::SnapshotMeta& meta);
  void traces(ShadowMember& member, const gms::core::TraceEvent& event, gms::model::Instant now);
  void role_changes(ShadowMember& member, const gms::core::RoleChanged& event);
  void commits(ShadowMember& member, const gms::core::CommitAdvanced& event);
  void view_commits(const gms::model::PlacedView& view);
  /// Which rare turns of membership the newest committed view stands for.
  void count_view(const gms::model::View& view);
  void count_removal(const gms::model::View& view);
  void count_join(const gms::model::View& view);

  World& world_;
  Oracle oracle_;
  ElectionSafety election_safety_;
  VotesAreKept votes_;
  LogMatching log_matching_;
  QuorumChain quorum_chain_;
  AckLedger acks_;
  MatchIsDurable match_;
  StoppedIsSilent silence_;
  BootsAreUnique boots_;
  MemoryIsBounded memory_;
  OneStream stream_;
  MulticastsAreExact multicasts_;
  OneExecution executions_;
  RemovalsAreSound removals_;
  /// Members that were evicted alive, and in which boot.
  std::map<gms::model::MemberId, gms::model::BootSeq> evicted_alive_;
  /// Which of the sizes three and five a view had last.
  std::size_t last_size_ = 0;
  bool images_due_ = false;
};

}  // namespace tests::simulation
