#include "tests/simulation/invariants/commits.hpp"

#include <algorithm>

namespace tests::simulation {

using namespace gms::model;

namespace {

std::size_t quorum_of(const View& view) {
  return view.members.size() / 2 + 1;
}

std::size_t holders_of(const World& world, const View& view, Index index, EntryHash hash) {
  return static_cast<std::size_t>(
      std::count_if(view.members.begin(), view.members.end(), [&](const Member& voter) {
        const ShadowMember* const member = world.find(voter.id);
        return member != nullptr && member->disk.holds(index, hash);
      }));
}

std::string at_index(Index index) {
  return " at index " + std::to_string(index.value());
}

}  // namespace

void OneSequence::commits(World& world, const ShadowMember& member, Index from, Index to,
                          Epoch epoch) {
  for (Index index = from.next(); index <= to; ++index) {
    const Slot* const slot = member.memory.find(index);
    if (slot == nullptr)
      return world.violate("I12", name_of(member) + " commits past its log" + at_index(index));
    if (index > world.committed_last())
      world.commit(*slot, epoch);
    else if (world.committed()[index.value() - 1] != *slot)
      return world.violate("I5", name_of(member) + " commits another entry" + at_index(index));
  }
}

bool CommitEvidence::is_on_a_majority(World& world, const ShadowMember& leader) {
  const Index last = leader.disk.last();
  const PlacedView* const view = leader.disk.view();
  if (view == nullptr || last <= world.committed_last()) return false;
  return holders_of(world, view->view, last, leader.disk.last_hash()) >= quorum_of(view->view);
}

void CommitEvidence::leader_commits(World& world, const ShadowMember& leader, Index to,
                                    Epoch epoch) {
  const Slot* const slot = leader.memory.find(to);
  const PlacedView* const view = leader.memory.view();
  if (slot == nullptr || view == nullptr) return;
  if (slot->epoch != epoch)
    world.violate("I6", name_of(leader) + " commits by counting an entry of epoch " +
                            std::to_string(slot->epoch.value()) + at_index(to));
  const std::size_t held = holders_of(world, view->view, to, slot->hash);
  if (held < quorum_of(view->view))
    world.violate("I6", name_of(leader) + " commits what " + std::to_string(held) + " of " +
                            std::to_string(view->view.members.size()) + " disks hold" +
                            at_index(to));
  if (!leader.disk.holds(to, slot->hash))
    world.statistics().count(Sometimes::commit_without_the_leaders_disk);
}

void InstantPowerLoss::check(World& world) {
  if (world.committed().empty()) return;
  const Index last = world.committed_last();
  const EntryHash hash = world.committed().back().hash;
  for (const ShadowMember& candidate : world.members()) {
    const PlacedView* const view = candidate.disk.view();
    if (view == nullptr || !view->view.has_voter(candidate.id)) continue;
    if (candidate.disk.holds(last, hash)) continue;
    std::size_t votes = 0;
    for (const Member& voter : view->view.members) {
      const ShadowMember* const member = world.find(voter.id);
      if (member != nullptr && candidate.disk.last_position() >= member->disk.last_position())
        ++votes;
    }
    if (votes >= quorum_of(view->view))
      world.violate("I7", name_of(candidate) + " could be elected after a loss of power without " +
                              "the committed entry" + at_index(last));
  }
}

void QuorumChain::committed(World& world, const PlacedView& view) {
  if (view.view.seq <= seq_) return;
  std::vector<MemberId> holders;
  for (const Member& voter : view.view.members) {
    const ShadowMember* const member = world.find(voter.id);
    const Slot* const slot = member == nullptr ? nullptr : member->disk.find(view.position.index);
    if (slot != nullptr && slot->epoch == view.position.epoch) holders.push_back(voter.id);
  }
  const bool adjacent = seq_ != ViewSeq() && view.view.seq == seq_.next();
  const bool meet = std::any_of(holders.begin(), holders.end(), [&](const MemberId& id) {
    return std::find(holders_.begin(), holders_.end(), id) != holders_.end();
  });
  if (adjacent && !meet)
    world.violate("I16", "nobody who committed view " + std::to_string(seq_.value()) +
                             " committed view " + std::to_string(view.view.seq.value()));
  holders_ = std::move(holders);
  seq_ = view.view.seq;
}

}  // namespace tests::simulation
