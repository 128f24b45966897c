#include "gms/core/view_policy.hpp"

#include <algorithm>

#include "gms/core/quorum.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

namespace {

/// Voters heard lately, of the old view and of the one without `removed`; the leader always is.
struct Heard {
  std::size_t of_old = 0;
  /// Without those that cannot acknowledge the new view: it takes effect when it is appended, and
  /// would wait for them, maybe for ever.
  std::size_t of_new = 0;
  /// Whose state is in use, without `removed`.
  std::size_t states = 0;
};

Heard heard_lately(const std::vector<VoterFacts>& voters, const MemberId& removed,
                   Duration recent) {
  Heard heard;
  for (const VoterFacts& voter : voters) {
    if (!voter.self && (!voter.spoke || voter.silence >= recent)) continue;
    ++heard.of_old;
    if (voter.id == removed || voter.process_dead_for || !voter.is_known) continue;
    if (voter.takes_entries && !voter.regressed) ++heard.of_new;
    if (voter.keeps_state) ++heard.states;
  }
  return heard;
}

bool is_back(const VoterFacts& voter, const Config& config) {
  if (voter.lag_bytes > config.lag_bytes || voter.process_dead_for || voter.regressed) return false;
  return voter.self || voter.heard_for >= up_hysteresis_after(voter.flaps, config);
}

const VoterFacts* find_facts(const PolicyFacts& facts, const MemberId& id) {
  const auto at = std::find_if(facts.voters.begin(), facts.voters.end(),
                               [&](const VoterFacts& voter) { return voter.id == id; });
  return at == facts.voters.end() ? nullptr : &*at;
}

template <class Predicate>
std::vector<MemberId> ids_where(const std::vector<VoterFacts>& voters, Predicate holds) {
  std::vector<MemberId> found;
  for (const VoterFacts& voter : voters)
    if (holds(voter)) found.push_back(voter.id);
  return found;
}

/// The voter is gone and another member wants its place, or it is down and another has it.
bool is_succeeded(const PolicyFacts& facts, const VoterFacts& voter, const Config& config) {
  const View& view = facts.view;
  const Member& old = *view.find(voter.id);
  const bool is_wanted =
      std::any_of(facts.joiners.begin(), facts.joiners.end(),
                  [&](const JoinerFacts& joiner) { return takes_place_of(joiner.member, old); });
  const bool is_taken = std::any_of(
      view.members.begin(), view.members.end(),
      [&](const Member& other) { return takes_place_of(other, old) && view.is_up(other.id); });
  return (is_wanted && is_gone(voter, config)) || (is_taken && !view.is_up(voter.id));
}

/// Why the voter counts as dead, if it does.
std::optional<EvictionReason> why_dead(const PolicyFacts& facts, const VoterFacts& voter,
                                       const Config& config) {
  if (voter.self || facts.view.in_maintenance(voter.id, facts.clock)) return std::nullopt;
  if (is_succeeded(facts, voter, config)) return EvictionReason::replaced;
  if (voter.regressed) return EvictionReason::regressed;
  if (!facts.view.is_up(voter.id) && voter.silence >= config.evict_after)
    return EvictionReason::silent;
  return std::nullopt;
}

bool leaves_floor(const View& view, std::size_t removed) {
  return view.members.size() >= removed + view.floor;
}

/// Rule 4. Who is replaced goes first: the place is wanted, and cannot be shared for long.
std::optional<ViewChange> next_eviction(const PolicyFacts& facts, const Config& config) {
  std::size_t dead = 0;
  const VoterFacts* first = nullptr;
  EvictionReason reason = EvictionReason::silent;
  const auto rank = [](EvictionReason why) { return why == EvictionReason::replaced ? 1 : 0; };
  for (const VoterFacts& voter : facts.voters) {
    const auto why = why_dead(facts, voter, config);
    if (!why) continue;
    ++dead;
    const bool earlier = first == nullptr || rank(*why) > rank(reason) ||
                         (rank(*why) == rank(reason) && voter.silence > first->silence);
    if (!earlier) continue;
    first = &voter;
    reason = *why;
  }
  const std::size_t together = evicted_together(facts.view.members.size(), config.evict_mode);
  if (dead < together || !leaves_floor(facts.view, together)) return std::nullopt;
  const bool too_soon = facts.since_lowered && *facts.since_lowered < config.evict_min_gap;
  if (too_soon && reason != EvictionReason::replaced) return std::nullopt;
  if (!may_remove(facts.view, first->id, facts.voters, config.election_min)) return std::nullopt;
  return removal(facts, first->id, reason);
}

/// Rule 5 for one joiner: nothing while it has to wait.
std::optional<ViewChange> admission(const PolicyFacts& facts, const Member& joiner,
                                    const Config& config) {
  for (const Member& old : facts.view.members) {
    if (!takes_place_of(joiner, old)) continue;
    const VoterFacts* const voter = find_facts(facts, old.id);
    if (voter == nullptr || why_dead(facts, *voter, config) != EvictionReason::replaced)
      return std::nullopt;
    // At the floor the two stand side by side for a moment; rule 4 then takes the dead one out.
    if (!leaves_floor(facts.view, 1)) continue;
    if (!may_remove(facts.view, old.id, facts.voters, config.election_min)) return std::nullopt;
    return removal(facts, old.id, EvictionReason::replaced);
  }
  if (facts.view.members.size() >= facts.view.voters_max) return std::nullopt;
  return ViewChange{ViewCause::join, {joiner.id}, joiner, {}, {}};
}

void insert_sorted(std::vector<MemberId>& ids, const MemberId& id) {
  ids.insert(std::lower_bound(ids.begin(), ids.end(), id), id);
}

void add_voter(View& view, const Member& member) {
  const auto at = std::lower_bound(view.members.begin(), view.members.end(), member.id,
                                   [](const Member& m, const MemberId& id) { return m.id < id; });
  view.members.insert(at, member);
  insert_sorted(view.up, member.id);
}

void end_maintenance(View& view, const MemberId& id) {
  std::erase_if(view.maintenance, [&](const Maintenance& work) { return work.member == id; });
}

void remove_voter(View& view, const MemberId& id) {
  std::erase_if(view.members, [&](const Member& member) { return member.id == id; });
  std::erase(view.up, id);
  end_maintenance(view, id);
}

void set_maintenance(View& view, const Maintenance& work) {
  end_maintenance(view, work.member);
  if (work.until == GroupClock()) return;
  const auto at =
      std::lower_bound(view.maintenance.begin(), view.maintenance.end(), work.member,
                       [](const Maintenance& m, const MemberId& id) { return m.member < id; });
  view.maintenance.insert(at, work);
}

}  // namespace

std::optional<ViewChange> next_view_change(const PolicyFacts& facts, const Config& config) {
  const auto back = ids_where(facts.voters, [&](const VoterFacts& voter) {
    return !facts.view.is_up(voter.id) && is_back(voter, config);
  });
  if (!back.empty()) return ViewChange{ViewCause::up, back, {}, {}, {}};
  const auto gone = ids_where(facts.voters, [&](const VoterFacts& voter) {
    return facts.view.is_up(voter.id) && is_gone(voter, config);
  });
  if (!gone.empty()) return ViewChange{ViewCause::down, gone, {}, {}, {}};
  if (auto change = next_eviction(facts, config)) return change;
  for (const JoinerFacts& joiner : facts.joiners) {
    if (!joiner.ready) continue;
    if (auto change = admission(facts, joiner.member, config)) return change;
  }
  for (const MemberId& id : facts.leaving)
    if (may_remove(facts.view, id, facts.voters, config.election_min))
      return removal(facts, id, {});
  return std::nullopt;
}

ViewChange removal(const PolicyFacts& facts, const MemberId& member, EvictionReason reason) {
  const auto& leaving = facts.leaving;
  const bool leaves = std::find(leaving.begin(), leaving.end(), member) != leaving.end();
  if (leaves) return {ViewCause::leave, {member}, {}, {}, {}};
  return {ViewCause::evict, {member}, {}, reason, {}};
}

View changed(const View& view, const ViewChange& change, GroupClock clock) {
  GMS_ASSERT(!change.members.empty(), "I14");
  View next = view;
  next.seq = view.seq.next();
  next.cause = change.cause;
  next.subject = change.members.front();
  std::erase_if(next.maintenance, [&](const Maintenance& work) { return work.until <= clock; });
  switch (change.cause) {
    case ViewCause::up:
      for (const MemberId& id : change.members) insert_sorted(next.up, id);
      break;
    case ViewCause::down:
      for (const MemberId& id : change.members) std::erase(next.up, id);
      break;
    case ViewCause::join: add_voter(next, change.joiner); break;
    case ViewCause::leave:
    case ViewCause::evict: remove_voter(next, change.members.front()); break;
    case ViewCause::maintenance:
      set_maintenance(next, {change.members.front(), change.until});
      break;
    case ViewCause::bootstrap: break;
  }
  GMS_ASSERT(voters_changed(view, next) <= 1, "I14");
  return next;
}

bool may_remove(const View& view, const MemberId& removed, const std::vector<VoterFacts>& voters,
                Duration recent) {
  const Heard heard = heard_lately(voters, removed, recent);
  const std::size_t rest = view.members.size() - (view.has_voter(removed) ? 1 : 0);
  return view.has_voter(removed) && rest >= 1 && heard.of_old >= quorum(view.members.size()) &&
         heard.of_new >= quorum(rest) && heard.states > 0;
}

std::optional<Error> why_not_leave(const PolicyFacts& facts, const MemberId& member,
                                   const Config& config) {
  if (heard_lately(facts.voters, member, config.election_min).states > 0) return std::nullopt;
  return Error{ErrorCode::conflict, "without " + facts.view.find(member)->name +
                                        " no member that is heard has its state in use"};
}

std::optional<Error> why_not_evict(const PolicyFacts& facts, const MemberId& member,
                                   const Config& config) {
  const std::size_t voters = facts.view.members.size();
  const VoterFacts* const subject = find_facts(facts, member);
  const std::string name = facts.view.find(member)->name;
  if (subject != nullptr && subject->self)
    return Error{ErrorCode::conflict, name + " leads; hand leadership over first"};
  if (facts.view.in_maintenance(member, facts.clock))
    return Error{ErrorCode::conflict, name + " is in maintenance; end that first"};
  if (!leaves_floor(facts.view, 1))
    return Error{ErrorCode::conflict,
                 std::to_string(voters - 1) + " voters would be left, with a " + "quorum of " +
                     std::to_string(quorum(voters - 1)) + " instead of " +
                     std::to_string(quorum(voters)) + "; the floor is " +
                     std::to_string(facts.view.floor) + ". A member that goes for good can leave"};
  if (auto error = why_not_leave(facts, member, config)) return error;
  if (may_remove(facts.view, member, facts.voters, config.election_min)) return std::nullopt;
  const Heard heard = heard_lately(facts.voters, member, config.election_min);
  return Error{ErrorCode::unavailable,
               "of the " + std::to_string(voters) + " voters " + std::to_string(heard.of_old) +
                   " are heard, of those left " + std::to_string(heard.of_new) +
                   " can go on; it takes " + std::to_string(quorum(voters)) + " and " +
                   std::to_string(quorum(voters - 1))};
}

std::size_t evicted_together(std::size_t voters, EvictMode mode) {
  if (mode == EvictMode::eager || voters == 0) return 1;
  std::size_t together = 1;
  while (together < voters && quorum(voters - together) >= quorum(voters)) ++together;
  return together;
}

Duration up_hysteresis_after(unsigned flaps, const Config& config) {
  Duration needed = config.up_hysteresis;
  while (flaps > 0 && needed < config.up_hysteresis_max) {
    needed *= 2;
    --flaps;
  }
  return std::min(needed, config.up_hysteresis_max);
}

bool is_gone(const VoterFacts& voter, const Config& config) {
  if (voter.self) return false;
  if (voter.regressed) return true;
  if (voter.process_dead_for && *voter.process_dead_for >= config.crash_confirm) return true;
  return voter.silence >= config.suspect;
}

bool takes_place_of(const Member& joiner, const Member& voter) {
  return joiner.id != voter.id && (joiner.id.node == voter.id.node || joiner.name == voter.name);
}

}  // namespace gms::core
