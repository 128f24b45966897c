#pragma once

#include <map>
#include <optional>

#include "gms/core/config.hpp"
#include "gms/core/message.hpp"
#include "gms/core/trace.hpp"
#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// I16, I17, V9: a voter is removed only by a leader that heard quorums of the view with it and of
/// the view without it just before; no eviction goes below the floor, or takes a member that is in
/// maintenance; and one for silence lowers the quorum, by itself or with the one that follows it.
class RemovalsAreSound {
 public:
  /// What a member goes by; to be said before it removes anybody.
  void goes_by(const ShadowMember& member, const gms::core::Config& config) {
    configs_[member.id] = config;
  }
  /// A reply to a leader's Append or heartbeat arrives, at `now` by the leader's clock.
  void hears(const ShadowMember& leader, const gms::core::Message& message,
             gms::model::Instant now);
  /// A message leaves a member: none tells a voter of its removal before that is committed [C6].
  static void sends(World& world, const ShadowMember& sender, const gms::core::Message& message);
  /// A member's log takes these entries.
  void appends(const gms::model::EntryRun& run);
  void decides(const gms::core::MemberEvicted& eviction) { eviction_ = eviction; }
  /// The leader proposes `view`, at `now` by its clock.
  void proposes(World& world, const ShadowMember& leader, const gms::model::PlacedView& view,
                gms::model::Instant now);

 private:
  void check_heard(World& world, const ShadowMember& leader, const gms::model::View& before,
                   const gms::model::View& after, gms::model::Instant now) const;
  void check_eviction(World& world, const ShadowMember& leader, const gms::model::View& before,
                      const gms::model::View& after) const;

  std::map<gms::model::MemberId, gms::core::Config> configs_;
  /// By leader and by who was heard.
  std::map<std::pair<gms::model::MemberId, gms::model::MemberId>, gms::model::Instant> heard_;
  /// The group's clock at the view that was appended last, anywhere.
  gms::model::GroupClock clock_;
  /// The decision that the next eviction stands on.
  std::optional<gms::core::MemberEvicted> eviction_;
};

}  // namespace tests::simulation
