#include "tests/simulation/invariants/durability.hpp"

#include <algorithm>

namespace tests::simulation {

using namespace gms::model;
namespace core = gms::core;

namespace {

std::string number(Index index) {
  return std::to_string(index.value());
}

/// The bytes of the largest batch of proposals, by one of which limits are passed at most: a large
/// message, or all that clients asked for while the disk stood still.
constexpr std::size_t kLargestProposals = 1024 * 1024;

}  // namespace

void AckLedger::acknowledges(World& world, const ShadowMember& member, const core::Message& message,
                             PersistSeq after) {
  const auto* const reply = std::get_if<core::AppendReply>(&message.body);
  if (reply == nullptr || reply->verdict != core::AppendVerdict::accepted) return;
  if (reply->match == Index()) return;
  const Slot* const slot = member.memory.find(reply->match);
  if (slot == nullptr)
    return world.violate(
        "I9", name_of(member) + " acknowledges " + number(reply->match) + ", which it has not");
  std::vector<Ack>& acks = acks_[member.id];
  std::erase_if(acks, [&](const Ack& ack) {
    return ack.match <= reply->match && ack.after <= after &&
           member.memory.holds(ack.match, ack.hash);
  });
  acks.push_back({message.epoch, reply->match, slot->hash, after});
}

void AckLedger::appends(World& world, const ShadowMember& member, const EntryRun& run) {
  if (run.empty() || run.first_index() > member.memory.last()) return;
  const Epoch epoch = member.memory_hard_state.epoch;
  std::erase_if(acks_[member.id], [&](const Ack& ack) {
    if (ack.match < run.first_index()) return false;
    if (epoch <= ack.epoch)
      world.violate("I9", name_of(member) + " truncates " + number(run.first_index()) +
                              " in epoch " + std::to_string(epoch.value()) +
                              ", in which it acknowledged " + number(ack.match));
    return true;
  });
}

void AckLedger::installs(World& world, const ShadowMember& member, const InstallRequest& install) {
  if (install.keeps_tail) return;
  const Index base = install.base.head.position.index;
  const Epoch epoch = member.memory_hard_state.epoch;
  std::erase_if(acks_[member.id], [&](const Ack& ack) {
    if (ack.match <= base && world.is_committed(ack.match, ack.hash)) return false;
    if (epoch <= ack.epoch)
      world.violate("I9", name_of(member) + " gives up " + std::to_string(ack.match.value()) +
                              " for a snapshot in epoch " + std::to_string(epoch.value()) +
                              ", in which it acknowledged that");
    return true;
  });
}

void AckLedger::durable(World& world, const ShadowMember& member) {
  for (const Ack& ack : acks_[member.id]) {
    if (ack.after > member.durable || member.disk.holds(ack.match, ack.hash)) continue;
    world.violate("I9", name_of(member) + " may acknowledge " + number(ack.match) +
                            " without having it on its disk");
  }
}

void AckLedger::recovered(World& world, const ShadowMember& member) {
  std::vector<Ack>& acks = acks_[member.id];
  for (const Ack& ack : acks) {
    if (ack.after <= member.durable && !member.memory.holds(ack.match, ack.hash))
      world.violate("I9", name_of(member) + " recovers without " + number(ack.match) +
                              ", which it acknowledged");
  }
  std::erase_if(acks, [&](const Ack& ack) { return ack.after > member.durable; });
  for (Ack& ack : acks) ack.after = PersistSeq();
}

void MatchIsDurable::status(World& world, const ShadowMember& leader, const core::Status& status) {
  for (const core::PeerStatus& peer : status.peers) {
    const ShadowMember* const member = world.find(peer.id);
    if (member == nullptr || peer.match == Index()) continue;
    Known& known = known_[{leader.id, peer.id}];
    if (known.epoch == status.epoch && peer.match < known.match && peer.voter)
      world.violate("I10", name_of(leader) + " lowers the match of " + name_of(*member));
    known = {status.epoch, peer.match};
    if (member->memory_hard_state.epoch > status.epoch) continue;
    const Slot* const slot = leader.memory.find(peer.match);
    if (slot == nullptr || !member->disk.holds(peer.match, slot->hash))
      world.violate("I10", name_of(leader) + " counts " + number(peer.match) + " for " +
                               name_of(*member) + ", whose disk has it not");
  }
}

void StableIsRecoverable::status(World& world, const ShadowMember& member,
                                 const core::Status& status) {
  const Slot* const slot = member.memory.find(status.stable);
  if (slot != nullptr && !member.disk.holds(status.stable, slot->hash))
    world.violate("I11", name_of(member) + " holds " + number(status.stable) +
                             " stable, its disk has it not");
}

std::size_t StableIsRecoverable::check(World& world, const ShadowMember& member,
                                       const RecoveredEnd& found) {
  const auto same_end = [&](Position last, EntryHash hash) {
    return found.head.position == last && found.head.hash == hash;
  };
  HardState hard_state = member.disk_hard_state;
  bool hard_state_fits = found.hard_state == hard_state;
  std::optional<std::size_t> kept;
  if (same_end(member.disk.last_position(), member.disk.last_hash())) kept = 0;
  for (std::size_t i = 0; i < member.pending.size(); ++i) {
    const PersistRequest& order = member.pending[i];
    if (order.hard_state) hard_state = *order.hard_state;
    hard_state_fits = hard_state_fits || found.hard_state == hard_state;
    const bool anew = order.install && !order.install->keeps_tail;
    if (order.entries.empty() && !anew) continue;
    const ChainHead head =
        order.entries.empty() ? order.install->base.head : order.entries.back().head();
    if (!kept && same_end(head.position, head.hash)) kept = i + 1;
  }
  if (!kept || !hard_state_fits)
    world.violate("I11", name_of(member) + " would recover a log that ends at " +
                             to_string(found.head.position) + " in epoch " +
                             std::to_string(found.hard_state.epoch.value()) + "; durable are " +
                             to_string(member.disk.last_position()) + " and epoch " +
                             std::to_string(member.disk_hard_state.epoch.value()));
  return kept.value_or(0);
}

void OrderOfProgress::commits(World& world, const ShadowMember& member, Index to) {
  if (to < member.commit)
    world.violate("I12", name_of(member) + " takes its commit back to " + number(to));
}

void OrderOfProgress::delivers(World& world, const ShadowMember& member, Index last) {
  if (last > member.commit)
    world.violate("I12", name_of(member) + " delivers " + number(last) + ", commit is " +
                             number(member.commit));
  const Slot* const slot = member.memory.find(last);
  if (slot == nullptr || !member.disk.holds(last, slot->hash))
    world.violate("I12",
                  name_of(member) + " delivers " + number(last) + ", which is not durable here");
}

void OrderOfProgress::status(World& world, const ShadowMember& member, const core::Status& status) {
  if (status.commit != member.commit)
    world.violate("I12", name_of(member) + " has commit " + number(status.commit) +
                             " and told of " + number(member.commit));
  if (status.commit > status.last ||
      status.delivered > std::max(status.base, std::min(status.commit, status.stable)) ||
      status.applied > status.delivered)
    world.violate("I12", name_of(member) + " has last " + number(status.last) + ", stable " +
                             number(status.stable) + ", commit " + number(status.commit) +
                             ", delivered " + number(status.delivered) + ", applied " +
                             number(status.applied));
  if (status.last != member.memory.last())
    world.violate("I12", name_of(member) + " has last " + number(status.last) +
                             ", was seen to append up to " + number(member.memory.last()));
}

void StateWithinLog::recovered(World& world, const ShadowMember& member, const Recovered& found,
                               const std::optional<Mark>& applied) {
  if (!applied && found.log.base.head.position.index != Index())
    world.violate("I20", name_of(member) + " has applied nothing, its log begins after " +
                             number(found.log.base.head.position.index));
  if (!applied) return;
  const ChainHead& head = applied->head;
  if (head.position.index < found.log.base.head.position.index)
    world.violate("I20", name_of(member) + " has applied " + number(head.position.index) +
                             ", its log begins after " +
                             number(found.log.base.head.position.index));
  if (head.position.index > found.log.head.position.index)
    world.violate("I20", name_of(member) + " has applied " + number(head.position.index) +
                             ", its log ends at " + number(found.log.head.position.index));
  else if (!member.memory.holds(head.position.index, head.hash))
    world.violate("I20", name_of(member) + " has applied another entry at " +
                             number(head.position.index) + " than its log has");
}

void StoppedIsSilent::released(World& world, const ShadowMember& member) {
  if (!stopped_.empty() && stopped_.contains({member.id, member.boot}))
    world.violate("I21", name_of(member) + " sends although it has stopped itself");
}

void BootsAreUnique::starts(World& world, const ShadowMember& member) {
  BootSeq& newest = newest_[member.id];
  if (member.boot <= newest) world.violate("I22", name_of(member) + " was started before");
  newest = member.boot;
}

void MessagesAreGated::released(World& world, const ShadowMember& member, PersistSeq after) {
  if (after > member.durable)
    world.violate("I23", name_of(member) + " sends what rests on order " +
                             std::to_string(after.value()) + "; durable is " +
                             std::to_string(member.durable.value()));
}

void MemoryIsBounded::status(World& world, const ShadowMember& member, const core::Status& status,
                             const core::Config& config) {
  const auto over = [&](const char* what, std::size_t held, std::size_t limit) {
    if (held > limit)
      world.violate("I24", name_of(member) + " holds " + std::to_string(held) + " " + what +
                               "; the limit is " + std::to_string(limit));
  };
  over("reads", status.reads_pending, config.reads_max);
  over("multicasts", status.multicasts_pending, config.multicasts_max);
  if (status.role != core::RoleName::leader) return;
  Inherited& inherited = inherited_[member.id];
  if (inherited.epoch != status.epoch) inherited = {status.epoch, status.uncommitted_bytes};
  over("uncommitted bytes", status.uncommitted_bytes,
       std::max(config.uncommitted_bytes_max, inherited.bytes) + kLargestProposals);
  for (const core::PeerStatus& peer : status.peers)
    over("appends in flight", peer.inflight, config.inflight_max);
}

void PreVoteIsPure::answered(World& world, const ShadowMember& member, const core::Status& before,
                             const core::Status& after) {
  if (before.epoch == after.epoch && before.role == after.role && before.last == after.last &&
      before.commit == after.commit && before.persists_pending == after.persists_pending &&
      before.campaigns == after.campaigns)
    return;
  const auto describe = [](const core::Status& status) {
    return "epoch " + std::to_string(status.epoch.value()) + ", last " +
           std::to_string(status.last.value()) + ", commit " +
           std::to_string(status.commit.value()) + ", " + std::to_string(status.persists_pending) +
           " persists pending, " + std::to_string(status.campaigns) + " campaigns";
  };
  world.violate("I25", name_of(member) + " changed by answering a pre-vote: " + describe(before) +
                           " before, " + describe(after) + " after");
}

}  // namespace tests::simulation
