#include "tests/simulation/invariants/elections.hpp"

namespace tests::simulation {

using namespace gms::model;
namespace core = gms::core;

void ElectionSafety::leads(World& world, const ShadowMember& leader, Epoch epoch) {
  const auto [at, first] = leaders_.try_emplace(epoch.value(), leader.id);
  if (first || at->second == leader.id) return;
  world.violate("I1", name_of(leader) + " leads epoch " + std::to_string(epoch.value()) +
                          ", which has the leader " + to_string(at->second));
}

void LeaderCompleteness::leads(World& world, const ShadowMember& leader, Epoch epoch) {
  const Index upto = world.committed_before(epoch);
  if (upto == Index()) return;
  if (!leader.memory.holds(upto, world.committed()[upto.value() - 1].hash))
    world.violate("I4", name_of(leader) + " leads epoch " + std::to_string(epoch.value()) +
                            " without the committed entry " + std::to_string(upto.value()));
}

void VotesAreKept::persists(World& world, const ShadowMember& member, const HardState& next) {
  const HardState& before = member.memory_hard_state;
  const bool same_epoch = next.epoch == before.epoch;
  const bool changes_vote = !before.voted_for.is_none() && next.voted_for != before.voted_for;
  if (next.epoch < before.epoch || (same_epoch && changes_vote))
    world.violate("I8", name_of(member) + " persists an older epoch or another vote in epoch " +
                            std::to_string(next.epoch.value()));
}

void VotesAreKept::vote(World& world, const ShadowMember& member, Epoch epoch,
                        const MemberId& candidate) {
  const auto [at, first] = votes_.try_emplace({epoch, member.id}, candidate);
  if (first && candidate == member.id && candidates(epoch) == 3)
    world.statistics().count(Sometimes::three_candidates);
  if (!first && at->second != candidate)
    world.violate("I8", name_of(member) + " votes twice in epoch " + std::to_string(epoch.value()));
}

void VotesAreKept::released(World& world, const ShadowMember& member,
                            const core::Message& message) {
  // An answer to a heartbeat promises nothing of its epoch.
  if (std::holds_alternative<core::HeartbeatReply>(message.body)) return;
  Epoch& newest = epochs_[member.id];
  newest = std::max(newest, message.epoch);
  if (message.epoch > member.disk_hard_state.epoch)
    world.violate("I8", name_of(member) + " lets a message of epoch " +
                            std::to_string(message.epoch.value()) +
                            " leave before the epoch is durable");
  if (const auto* const reply = std::get_if<core::VoteReply>(&message.body);
      reply != nullptr && reply->granted)
    vote(world, member, message.epoch, message.to);
  if (std::holds_alternative<core::Vote>(message.body))
    vote(world, member, message.epoch, member.id);
}

void VotesAreKept::recovered(World& world, const ShadowMember& member, const HardState& found) {
  const auto newest = epochs_.find(member.id);
  if (newest != epochs_.end() && found.epoch < newest->second)
    world.violate("I8", name_of(member) + " recovers an epoch older than it has told others");
  const auto vote = votes_.find({found.epoch, member.id});
  if (vote != votes_.end() && vote->second != found.voted_for)
    world.violate("I8", name_of(member) + " recovers without its vote in epoch " +
                            std::to_string(found.epoch.value()));
}

bool VotesAreKept::voted(const MemberId& voter, Epoch epoch, const MemberId& candidate) const {
  const auto at = votes_.find({epoch, voter});
  return at != votes_.end() && at->second == candidate;
}

std::size_t VotesAreKept::candidates(Epoch epoch) const {
  std::size_t out = 0;
  for (auto at = votes_.lower_bound({epoch, MemberId()});
       at != votes_.end() && at->first.first == epoch; ++at)
    if (at->second == at->first.second) ++out;
  return out;
}

void ElectedByTheView::leads(World& world, const ShadowMember& leader, Epoch epoch,
                             const VotesAreKept& votes) {
  const PlacedView* const view = leader.memory.view();
  std::size_t granted = 0;
  for (const Member& voter : view->view.members) {
    if (voter.id == leader.id)
      granted += leader.disk_hard_state == HardState{epoch, leader.id} ? 1 : 0;
    else
      granted += votes.voted(voter.id, epoch, leader.id) ? 1 : 0;
  }
  if (!view->view.has_voter(leader.id) || granted < view->view.members.size() / 2 + 1)
    world.violate("I18", name_of(leader) + " leads epoch " + std::to_string(epoch.value()) +
                             " by " + std::to_string(granted) + " votes of a view of " +
                             std::to_string(view->view.members.size()));
}

}  // namespace tests::simulation
