#include "tests/simulation/oracle.hpp"

#include <algorithm>
#include <string>

namespace tests::simulation {

using namespace gms::model;
namespace core = gms::core;

namespace {

constexpr const char* kName = "oracle";

std::string in_epoch(Epoch epoch) {
  return " in epoch " + std::to_string(epoch.value());
}

std::string at_index(Index index) {
  return " at index " + std::to_string(index.value());
}

std::size_t quorum_of(const View& view) {
  return view.members.size() / 2 + 1;
}

}  // namespace

bool Oracle::Reign::holds(Index index, EntryHash hash) const {
  if (index == Index()) return true;
  return index.value() <= log.size() && log[index.value() - 1] == hash;
}

Index Oracle::Reign::match_of(const MemberId& member) const {
  const auto at = std::find_if(match.begin(), match.end(),
                               [&](const auto& known) { return known.first == member; });
  return at == match.end() ? Index() : at->second;
}

Oracle::Reign* Oracle::find(Epoch epoch) {
  const auto at = reigns_.find(epoch);
  return at == reigns_.end() ? nullptr : &at->second;
}

void Oracle::sends(World& world, const ShadowMember& member, const core::Message& message) {
  if (const auto* const vote = std::get_if<core::Vote>(&message.body)) {
    const Position last = member.memory.last_position();
    asked_[{message.epoch, member.id}] = last;
    if (vote->last != last)
      world.violate(kName, name_of(member) + " asks for votes" + in_epoch(message.epoch) +
                               " with a log that it does not have");
    const PlacedView* const view = member.memory.view();
    if (view == nullptr || !view->view.has_voter(member.id))
      world.violate(kName, name_of(member) + " asks for votes" + in_epoch(message.epoch) +
                               " and is no voter of its own view");
  } else if (const auto* const reply = std::get_if<core::VoteReply>(&message.body)) {
    if (reply->granted) grants(world, member, message.epoch, message.to);
  }
}

// [C2] A vote is given once an epoch, to a log that is not behind the voter's.
void Oracle::grants(World& world, const ShadowMember& voter, Epoch epoch,
                    const MemberId& candidate) {
  const auto asked = asked_.find({epoch, candidate});
  if (asked == asked_.end())
    return world.violate(
        kName, name_of(voter) + " votes" + in_epoch(epoch) + " for a member that did not ask");
  if (asked->second < voter.memory.last_position())
    world.violate(kName, name_of(voter) + " votes" + in_epoch(epoch) + " for a log that ends at " +
                             to_string(asked->second) + ", its own ends at " +
                             to_string(voter.memory.last_position()));
  if (voter.memory_hard_state != HardState{epoch, candidate})
    world.violate(kName, name_of(voter) + " votes" + in_epoch(epoch) + " without keeping the vote");
  granted_[{epoch, candidate}].push_back(voter.id);
}

// [C5] By votes that were given, of a quorum of the voters in the candidate's own log, which is the
// log that it asked with.
void Oracle::leads(World& world, const ShadowMember& leader, Epoch epoch) {
  const PlacedView* const view = leader.memory.view();
  const auto& granted = granted_[{epoch, leader.id}];
  const auto votes =
      std::count_if(view->view.members.begin(), view->view.members.end(), [&](const Member& voter) {
        if (voter.id == leader.id) return leader.disk_hard_state == HardState{epoch, leader.id};
        return std::find(granted.begin(), granted.end(), voter.id) != granted.end();
      });
  if (!view->view.has_voter(leader.id) || static_cast<std::size_t>(votes) < quorum_of(view->view))
    world.violate(kName, name_of(leader) + " leads" + in_epoch(epoch) + " by " +
                             std::to_string(votes) + " votes");
  if (!reigns_.try_emplace(epoch).second)
    return world.violate(kName, name_of(leader) + " leads" + in_epoch(epoch) + ", which was won");
  Reign& reign = reigns_[epoch];
  reign.leader = leader.id;
  reign.commit = leader.commit;
  const std::size_t own = appended_from_ ? appended_.size() : 0;
  const std::size_t inherited = leader.memory.last().value() - own;
  for (std::size_t index = 1; index <= inherited; ++index)
    reign.log.push_back(leader.memory.find(Index(index))->hash);
  const Slot* const last = leader.memory.find(Index(inherited));
  const Position end = last == nullptr ? Position() : Position{last->epoch, Index(inherited)};
  const auto asked = asked_.find({epoch, leader.id});
  if (asked != asked_.end() && asked->second != end)
    world.violate(kName, name_of(leader) + " leads" + in_epoch(epoch) + " with a log up to " +
                             to_string(end) + ", it asked with one up to " +
                             to_string(asked->second));
}

void Oracle::appends(World& world, const ShadowMember& member, const EntryRun& run) {
  if (run.empty()) return;
  const Epoch epoch = member.memory_hard_state.epoch;
  const Reign* const reign = find(epoch);
  const bool leads =
      reign != nullptr ? reign->leader == member.id : member.role == core::RoleName::leader;
  if (!leads) return replicates(world, member, run);
  if (run.first_index() != member.memory.last().next())
    world.violate(kName, name_of(member) + " leads and appends" + at_index(run.first_index()) +
                             ", its log ends" + at_index(member.memory.last()));
  if (!appended_from_) appended_from_ = run.first_index();
  for (const EntryView entry : run) {
    if (entry.epoch() != epoch)
      world.violate(kName, name_of(member) + " leads" + in_epoch(epoch) + " and appends an entry" +
                               in_epoch(entry.epoch()));
    appended_.push_back(entry.hash());
  }
}

// [C5] What a member takes is the log of the leader of its epoch, whoever it is itself; it gives up
// nothing in which the two agree [I3].
void Oracle::replicates(World& world, const ShadowMember& follower, const EntryRun& run) {
  const Epoch epoch = follower.memory_hard_state.epoch;
  const Reign* const reign = find(epoch);
  const auto takes = [&] {
    return name_of(follower) + " takes entries up to " + std::to_string(run.last_index().value()) +
           in_epoch(epoch);
  };
  if (reign == nullptr) return world.violate(kName, takes() + ", which has no leader");
  const Index before = run.first_index().previous();
  const Slot* const previous = follower.memory.find(before);
  if (!reign->holds(run.last_index(), run.head().hash) ||
      (previous != nullptr && !reign->holds(before, previous->hash)))
    world.violate(kName, takes() + ", which its leader does not have so");
  const Slot* const replaced = follower.memory.find(run.first_index());
  if (replaced != nullptr && reign->holds(run.first_index(), replaced->hash))
    world.violate(kName, takes() + " and gives up entries that are its leader's");
}

// A committed prefix, which every leader from here on has.
void Oracle::installs(World& world, const ShadowMember& member, const InstallRequest& install) {
  const ChainHead& head = install.base.head;
  const Index base = head.position.index;
  const std::string installs = name_of(member) + " installs a snapshot" + at_index(base);
  if (!world.is_committed(base, head.hash))
    world.violate(kName, installs + ", which is not committed");
  if (base <= member.commit && !member.quarantined)
    world.violate(kName, installs + ", which it has committed itself");
  if (member.role == core::RoleName::leader) world.violate(kName, installs + " while it leads");
  if (install.keeps_tail != member.memory.holds(base, head.hash))
    world.violate(kName, installs + " and errs about what follows from it");
}

void Oracle::released(World& world, const ShadowMember& member, const core::Message& message) {
  const auto* const reply = std::get_if<core::AppendReply>(&message.body);
  if (reply == nullptr || reply->verdict != core::AppendVerdict::accepted) return;
  Reign* const reign = find(message.epoch);
  const auto acknowledges = [&] {
    return name_of(member) + " acknowledges " + std::to_string(reply->match.value());
  };
  if (reign == nullptr || reign->leader != message.to)
    return world.violate(kName, acknowledges() + in_epoch(message.epoch) + " to who does not lead");
  // In a later epoch its disk may have another leader's log by now.
  const Slot* const slot = member.disk.find(reply->match);
  const bool same_epoch = member.memory_hard_state.epoch == message.epoch;
  const bool has_it =
      reply->match == Index() || (slot != nullptr && reign->holds(reply->match, slot->hash));
  if (same_epoch && !has_it)
    return world.violate(kName, acknowledges() + ", its disk has not got that of its leader's log");
  const auto known = std::find_if(reign->match.begin(), reign->match.end(),
                                  [&](const auto& at) { return at.first == member.id; });
  if (known == reign->match.end())
    reign->match.emplace_back(member.id, reply->match);
  else
    known->second = std::max(known->second, reply->match);
}

void Oracle::commits(World& world, const ShadowMember& member, const core::CommitAdvanced& event) {
  Reign* const reign = find(event.epoch);
  const auto commits = [&] { return name_of(member) + " commits" + at_index(event.commit); };
  if (reign == nullptr)
    return world.violate(kName, commits() + in_epoch(event.epoch) + ", which has no leader");
  if (reign->leader == member.id) return leader_commits(world, member, event.commit, *reign);
  const Slot* const slot = member.memory.find(event.commit);
  if (event.commit > reign->commit)
    world.violate(kName, commits() + ", its leader has committed up to " +
                             std::to_string(reign->commit.value()));
  if (slot == nullptr || !reign->holds(event.commit, slot->hash))
    world.violate(kName, commits() + " what is not its leader's");
}

// [C1] [C5] By counting who acknowledged an entry of the own epoch, among the voters of the latest
// view in the log; the leader's own disk is its acknowledgement.
void Oracle::leader_commits(World& world, const ShadowMember& leader, Index to,
                            Reign& reign) const {
  const Slot* const slot = leader.memory.find(to);
  const PlacedView* const view = leader.memory.view();
  reign.commit = std::max(reign.commit, to);
  if (slot == nullptr || view == nullptr) return;
  const Epoch epoch = leader.memory_hard_state.epoch;
  if (slot->epoch != epoch)
    world.violate(kName, name_of(leader) + " commits by counting" + in_epoch(epoch) +
                             " an entry of epoch " + std::to_string(slot->epoch.value()) +
                             at_index(to));
  const auto held =
      std::count_if(view->view.members.begin(), view->view.members.end(), [&](const Member& voter) {
        return voter.id == leader.id ? leader.disk.holds(to, slot->hash)
                                     : reign.match_of(voter.id) >= to;
      });
  if (static_cast<std::size_t>(held) < quorum_of(view->view))
    world.violate(kName, name_of(leader) + " commits what " + std::to_string(held) + " of " +
                             std::to_string(view->view.members.size()) + " voters acknowledged" +
                             at_index(to));
}

void Oracle::step_ends(World& world, const ShadowMember& member) {
  if (!appended_from_) return;
  const Index from = *std::exchange(appended_from_, std::nullopt);
  const Slot* const first = member.memory.find(from);
  Reign* const reign = first == nullptr ? nullptr : find(first->epoch);
  if (reign != nullptr) reign->log.insert(reign->log.end(), appended_.begin(), appended_.end());
  appended_.clear();
  const std::vector<PlacedView>& views = member.memory.views();
  for (std::size_t i = views.size(); i-- > 1 && views[i].position.index >= from;)
    may_append_view(world, member, views[i - 1], views[i]);
}

// [C4] After a commit of the own epoch, one view at a time, by one voter, and never without itself.
void Oracle::may_append_view(World& world, const ShadowMember& leader, const PlacedView& before,
                             const PlacedView& view) {
  const auto appends = [&] {
    return name_of(leader) + " appends view " + std::to_string(view.view.seq.value());
  };
  const Slot* const committed = leader.memory.find(leader.commit);
  if (committed == nullptr || committed->epoch != view.position.epoch)
    world.violate(kName, appends() + " before a commit" + in_epoch(view.position.epoch));
  if (before.position.index > leader.commit)
    world.violate(kName, appends() + " before the one before it is committed");
  if (voters_changed(before.view, view.view) > 1)
    world.violate(kName, appends() + ", which changes more than one voter");
  if (!view.view.has_voter(leader.id)) world.violate(kName, appends() + " without itself");
  const bool shrinks = view.view.cause == ViewCause::evict;
  if (shrinks && view.view.members.size() < view.view.floor)
    world.violate(kName, appends() + " below the floor");
}

}  // namespace tests::simulation
