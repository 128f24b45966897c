#include "tests/simulation/invariants/logs.hpp"

#include <algorithm>

namespace tests::simulation {

using namespace gms::model;
namespace core = gms::core;

void LogMatching::appends(World& world, const ShadowMember& member, const EntryRun& run) {
  if (run.empty()) return;
  if (known_.size() < run.last_index().value()) known_.resize(run.last_index().value());
  for (const EntryView entry : run) {
    std::vector<Known>& here = known_[entry.index().value() - 1];
    const auto at = std::find_if(here.begin(), here.end(),
                                 [&](const Known& known) { return known.epoch == entry.epoch(); });
    if (at == here.end())
      here.push_back({entry.epoch(), entry.hash()});
    else if (at->hash != entry.hash())
      world.violate("I2", name_of(member) + " has another entry at " + to_string(entry.position()) +
                              " than others have");
  }
}

void NothingIsTakenBack::appends(World& world, const ShadowMember& member, const EntryRun& run) {
  if (run.empty() || run.first_index() > member.memory.last()) return;
  if (run.first_index() <= member.commit)
    world.violate("I3", name_of(member) + " truncates at " +
                            std::to_string(run.first_index().value()) + " below its commit " +
                            std::to_string(member.commit.value()));
  if (member.role == core::RoleName::leader)
    world.violate("I3", name_of(member) + " truncates its log while it leads");
}

void OneViewAtATime::proposes(World& world, const ShadowMember& leader, const PlacedView& view) {
  const std::vector<PlacedView>& views = leader.memory.views();
  const auto before = std::find_if(views.rbegin(), views.rend(), [&](const PlacedView& earlier) {
    return earlier.position.index < view.position.index;
  });
  if (before != views.rend() && before->position.index > leader.commit)
    world.violate("I13", name_of(leader) + " appends a view before the last one is committed");
  if (leader.commit < leader.led_from)
    world.violate("I13", name_of(leader) + " appends a view before it has committed an entry of " +
                             "its own epoch");
  if (!view.view.has_voter(leader.id))
    world.violate("I17", name_of(leader) + " proposes a view without itself");
}

namespace {

/// Members come and go by the views that say so, and by no others.
bool does_what_it_says(const View& before, const View& after) {
  const bool was_there = before.has_voter(after.subject);
  const bool is_there = after.has_voter(after.subject);
  switch (after.cause) {
    case ViewCause::join: return !was_there && is_there;
    case ViewCause::leave:
    case ViewCause::evict: return was_there && !is_there;
    case ViewCause::up:
    case ViewCause::down:
    case ViewCause::maintenance: return after.members == before.members;
    case ViewCause::bootstrap: return false;
  }
  return false;
}

}  // namespace

void ViewsChangeByOne::changed(World& world, const ShadowMember& member) {
  const std::vector<PlacedView>& views = member.memory.views();
  if (views.size() < 2) return;
  const View& before = views[views.size() - 2].view;
  const View& after = views.back().view;
  if (after.seq != before.seq.next() || voters_changed(before, after) > 1 ||
      !does_what_it_says(before, after))
    world.violate("I14", name_of(member) + " has view " + std::to_string(after.seq.value()) +
                             " after view " + std::to_string(before.seq.value()) + ", " +
                             std::to_string(voters_changed(before, after)) + " voters apart");
}

void BaseIsCommitted::check(World& world, const ShadowMember& member, const Base& base) {
  const Position at = base.head.position;
  if (!world.is_committed(at.index, base.head.hash))
    return world.violate("I19", name_of(member) + " begins its log after " + to_string(at) +
                                    ", which is not committed");
  const std::vector<PlacedView>& views = world.committed_views();
  const auto after = std::upper_bound(
      views.begin(), views.end(), at.index,
      [](Index index, const PlacedView& view) { return index < view.position.index; });
  if (after == views.begin() || *std::prev(after) != base.view)
    world.violate("I19", name_of(member) + " begins its log after " + to_string(at) +
                             " with another view than the one in force there");
}

void ViewInForce::status(World& world, const ShadowMember& member, const core::Status& status) {
  const PlacedView* const view = member.memory.view();
  if (view != nullptr && *view != status.view_in_log)
    world.violate("I15", name_of(member) + " holds the view at " +
                             to_string(status.view_in_log.position) + " in force, its log has " +
                             to_string(view->position));
}

}  // namespace tests::simulation
