#include "tests/simulation/invariants/removals.hpp"

#include <algorithm>

namespace tests::simulation {

using namespace gms::model;
namespace core = gms::core;

namespace {

std::size_t quorum_of(std::size_t voters) {
  return voters / 2 + 1;
}

std::string named(const View& view) {
  return "view " + std::to_string(view.seq.value());
}

}  // namespace

void RemovalsAreSound::hears(const ShadowMember& leader, const core::Message& message,
                             Instant now) {
  const bool replies = std::holds_alternative<core::AppendReply>(message.body) ||
                       std::holds_alternative<core::HeartbeatReply>(message.body);
  if (replies) heard_[{leader.id, message.from}] = now;
}

void RemovalsAreSound::sends(World& world, const ShadowMember& sender,
                             const core::Message& message) {
  const auto* const append = std::get_if<core::Append>(&message.body);
  const PlacedView* const view = sender.memory.view();
  if (append == nullptr || append->entries.empty() || view == nullptr) return;
  const bool removed = view->view.subject == message.to && !view->view.has_voter(message.to);
  if (!removed || view->position.index <= sender.commit) return;
  if (append->entries.back().last_index() >= view->position.index)
    world.violate("C6", name_of(sender) + " tells " + to_string(message.to) +
                            " of its removal before that is committed");
}

void RemovalsAreSound::appends(const EntryRun& run) {
  for (const EntryView entry : run)
    if (entry.kind() == EntryKind::view) clock_ = entry.clock();
}

void RemovalsAreSound::proposes(World& world, const ShadowMember& leader, const PlacedView& view,
                                Instant now) {
  const std::vector<PlacedView>& views = leader.memory.views();
  const auto before = std::find_if(views.rbegin(), views.rend(), [&](const PlacedView& earlier) {
    return earlier.position.index < view.position.index;
  });
  if (before == views.rend()) return;
  const ViewCause cause = view.view.cause;
  if (cause == ViewCause::leave || cause == ViewCause::evict)
    check_heard(world, leader, before->view, view.view, now);
  if (cause == ViewCause::evict) check_eviction(world, leader, before->view, view.view);
  eviction_.reset();
}

void RemovalsAreSound::check_heard(World& world, const ShadowMember& leader, const View& before,
                                   const View& after, Instant now) const {
  std::size_t of_old = 0;
  std::size_t of_new = 0;
  for (const Member& voter : before.members) {
    const auto at = heard_.find({leader.id, voter.id});
    const bool lately =
        at != heard_.end() && now - at->second < configs_.at(leader.id).election_min;
    if (voter.id != leader.id && !lately) continue;
    ++of_old;
    if (after.has_voter(voter.id)) ++of_new;
  }
  if (of_old < quorum_of(before.members.size()) || of_new < quorum_of(after.members.size()))
    world.violate("I16", name_of(leader) + " removes a voter by " + named(after) + " and hears " +
                             std::to_string(of_old) + " of the " +
                             std::to_string(before.members.size()) + " voters before it, " +
                             std::to_string(of_new) + " of those left");
}

void RemovalsAreSound::check_eviction(World& world, const ShadowMember& leader, const View& before,
                                      const View& after) const {
  const std::size_t voters = before.members.size();
  if (after.members.size() < after.floor)
    world.violate("I17", name_of(leader) + " evicts below the floor by " + named(after));
  if (before.in_maintenance(after.subject, clock_))
    world.violate("V9", name_of(leader) + " evicts by " + named(after) + " who is in maintenance");
  if (!eviction_ || eviction_->member != after.subject)
    return world.violate("V9", name_of(leader) + " evicts for no reason by " + named(after));
  const core::Config& config = configs_.at(leader.id);
  const bool by_policy = eviction_->reason == core::EvictionReason::silent ||
                         eviction_->reason == core::EvictionReason::regressed;
  if (!by_policy || config.evict_mode == core::EvictMode::eager) return;
  const std::size_t up = before.up.size();
  // From an odd view one alone gains nothing: another has to be there that can follow.
  const std::size_t goes = quorum_of(voters - 1) < quorum_of(voters) ? 1 : 2;
  if (voters - up < goes || voters < goes + before.floor)
    world.violate("V9", name_of(leader) + " evicts by " + named(after) + " without a gain");
}

}  // namespace tests::simulation
