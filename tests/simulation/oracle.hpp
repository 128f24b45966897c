#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "gms/core/message.hpp"
#include "gms/core/trace.hpp"
#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// The abstract model of tests/exploration in lock-step with real engines. Each thing that an
/// engine does is one of the model's actions (elect, append, append a view, replicate, commit,
/// learn a commit) or a part of one, and the action's precondition is evaluated on what all members
/// really have. What no action allows is reported as `oracle`, even where nothing is lost by it
/// yet. To crash is always allowed; to install a snapshot is to replicate a committed prefix.
///
/// The decisions are those of tests/exploration/rules.cpp, with Breach::none. They are written anew
/// since a log of the model has eight entries and a view five members.
class Oracle {
 public:
  /// Part of `elect`: a member asks for votes, or gives one.
  void sends(World& world, const ShadowMember& member, const gms::core::Message& message);
  /// `elect`: the whole election comes together.
  void leads(World& world, const ShadowMember& leader, gms::model::Epoch epoch);
  /// `append` at a leader, the first half of `replicate` at all others. To be called before the
  /// member's shadow has the run.
  void appends(World& world, const ShadowMember& member, const gms::model::EntryRun& run);
  void installs(World& world, const ShadowMember& member,
                const gms::model::InstallRequest& install);
  /// The second half of `replicate`: an acknowledgement leaves.
  void released(World& world, const ShadowMember& member, const gms::core::Message& message);
  /// `commit` at a leader, `learn_commit` at all others. To be called before the shadow has it.
  void commits(World& world, const ShadowMember& member, const gms::core::CommitAdvanced& event);
  /// `append_view`, for the views that the member appended in the step that ends now.
  void step_ends(World& world, const ShadowMember& member);

 private:
  /// One leader's time: its log and what became of it.
  struct Reign {
    gms::model::MemberId leader;
    /// The hash of each entry of the leader's log, from index 1 on. Only grows.
    std::vector<gms::model::EntryHash> log;
    gms::model::Index commit;
    /// Up to where each member acknowledged the leader's log.
    std::vector<std::pair<gms::model::MemberId, gms::model::Index>> match;

    [[nodiscard]] bool holds(gms::model::Index index, gms::model::EntryHash hash) const;
    [[nodiscard]] gms::model::Index match_of(const gms::model::MemberId& member) const;
  };
  using Campaign = std::pair<gms::model::Epoch, gms::model::MemberId>;

  [[nodiscard]] Reign* find(gms::model::Epoch epoch);
  void grants(World& world, const ShadowMember& voter, gms::model::Epoch epoch,
              const gms::model::MemberId& candidate);
  void replicates(World& world, const ShadowMember& follower, const gms::model::EntryRun& run);
  void leader_commits(World& world, const ShadowMember& leader, gms::model::Index to,
                      Reign& reign) const;
  static void may_append_view(World& world, const ShadowMember& leader,
                              const gms::model::PlacedView& before,
                              const gms::model::PlacedView& view);

  std::map<gms::model::Epoch, Reign> reigns_;
  /// What the log of each candidate ended with when it asked, and who voted for it.
  std::map<Campaign, gms::model::Position> asked_;
  std::map<Campaign, std::vector<gms::model::MemberId>> granted_;
  /// What a leader appends in the step under way. Goes to its reign, which may begin in this step.
  std::vector<gms::model::EntryHash> appended_;
  std::optional<gms::model::Index> appended_from_;
};

}  // namespace tests::simulation
