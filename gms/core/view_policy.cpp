#include "gms/core/view_policy.hpp"

#include <algorithm>

#include "gms/core/quorum.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

namespace {

bool is_back(const VoterFacts& voter, const Config& config) {
  if (voter.lag_bytes > config.lag_bytes || voter.process_dead_for) return false;
  return voter.self || voter.heard_for >= config.up_hysteresis;
}

bool is_gone(const VoterFacts& voter, const Config& config) {
  if (voter.self) return false;
  if (voter.process_dead_for && *voter.process_dead_for >= config.crash_confirm) return true;
  return voter.silence >= config.suspect;
}

template <class Predicate>
std::vector<MemberId> ids_where(const std::vector<VoterFacts>& voters, Predicate holds) {
  std::vector<MemberId> found;
  for (const VoterFacts& voter : voters)
    if (holds(voter)) found.push_back(voter.id);
  return found;
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

void remove_voter(View& view, const MemberId& id) {
  std::erase_if(view.members, [&](const Member& member) { return member.id == id; });
  std::erase(view.up, id);
}

}  // namespace

std::optional<ViewChange> next_view_change(const PolicyFacts& facts, const Config& config) {
  const auto back = ids_where(facts.voters, [&](const VoterFacts& voter) {
    return !facts.view.is_up(voter.id) && is_back(voter, config);
  });
  if (!back.empty()) return ViewChange{ViewCause::up, back, {}};
  const auto gone = ids_where(facts.voters, [&](const VoterFacts& voter) {
    return facts.view.is_up(voter.id) && is_gone(voter, config);
  });
  if (!gone.empty()) return ViewChange{ViewCause::down, gone, {}};
  for (const Member& joiner : facts.ready_joiners) {
    const bool fits = facts.view.members.size() < facts.view.voters_max &&
                      facts.view.find_name(joiner.name) == nullptr;
    if (fits) return ViewChange{ViewCause::join, {joiner.id}, joiner};
  }
  for (const MemberId& id : facts.leaving)
    if (may_remove(facts.view, id, facts.voters, config.election_min))
      return ViewChange{ViewCause::leave, {id}, {}};
  return std::nullopt;
}

View changed(const View& view, const ViewChange& change) {
  GMS_ASSERT(!change.members.empty(), "I14");
  View next = view;
  next.seq = view.seq.next();
  next.cause = change.cause;
  next.subject = change.members.front();
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
    case ViewCause::bootstrap: break;
  }
  GMS_ASSERT(voters_changed(view, next) <= 1, "I14");
  return next;
}

bool may_remove(const View& view, const MemberId& removed, const std::vector<VoterFacts>& voters,
                Duration recent) {
  std::size_t heard = 0;
  std::size_t heard_of_rest = 0;
  for (const VoterFacts& voter : voters) {
    if (!voter.self && (!voter.spoke || voter.silence >= recent)) continue;
    ++heard;
    if (voter.id != removed) ++heard_of_rest;
  }
  const std::size_t rest = view.members.size() - (view.has_voter(removed) ? 1 : 0);
  return view.has_voter(removed) && rest >= 1 && heard >= quorum(view.members.size()) &&
         heard_of_rest >= quorum(rest);
}

}  // namespace gms::core
