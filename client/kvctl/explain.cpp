#include "client/kvctl/explain.hpp"

#include <algorithm>
#include <string>

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using gms::model::MemberId;
using gms::model::View;
using std::to_string;

using Refusal = std::optional<Error>;

bool is_among(const std::vector<MemberId>& ids, const MemberId& id) {
  return std::ranges::find(ids, id) != ids.end();
}

Strength strength_after(const View& view, const Plan& plan) {
  Strength after = strength_of(view);
  const bool is_up = view.is_up(plan.member);
  switch (plan.change) {
    case Change::evict:
    case Change::leave:
      --after.voters;
      if (is_up) --after.up;
      break;
    case Change::replace:
      if (!is_up) ++after.up;
      break;
    case Change::maintenance:
      if (is_up && plan.ttl > gms::model::Duration::zero()) --after.up;
      break;
    case Change::transfer: break;
  }
  return after;
}

/// How many of the others are heard and not among `unfit`.
std::size_t fit_without(const GroupFacts& facts, const MemberId& member,
                        const std::vector<MemberId>& unfit) {
  return static_cast<std::size_t>(std::ranges::count_if(
      facts.heard, [&](const MemberId& id) { return id != member && !is_among(unfit, id); }));
}

Refusal why_not_spared(const GroupFacts& facts, const MemberId& member) {
  if (fit_without(facts, member, facts.stateless) > 0) return std::nullopt;
  return Error{ErrorCode::conflict, "without " + facts.name_of(member) +
                                        " no member that is heard has its state in use"};
}

/// A quorum of the voters must have been heard just now, and of those left one that can go on.
Refusal why_not_removed(const GroupFacts& facts, const MemberId& member) {
  const Strength now{facts.view.members.size(), facts.heard.size()};
  const Strength then{now.voters - 1, fit_without(facts, member, facts.stuck)};
  if (now.up >= now.quorum() && then.up >= then.quorum()) return std::nullopt;
  return Error{ErrorCode::unavailable,
               "of the " + to_string(now.voters) + " voters " + to_string(now.up) +
                   " are heard, of those left " + to_string(then.up) + " can go on; it takes " +
                   to_string(now.quorum()) + " and " + to_string(then.quorum())};
}

bool is_at_floor(const View& view) {
  return view.members.size() <= view.floor;
}

Refusal why_not_evict(const GroupFacts& facts, const MemberId& member) {
  const std::string name = facts.name_of(member);
  if (member == facts.leader)
    return Error{ErrorCode::conflict, name + " leads; hand leadership over first"};
  if (facts.view.in_maintenance(member, facts.clock))
    return Error{ErrorCode::conflict, name + " is in maintenance; end that first"};
  if (is_at_floor(facts.view))
    return Error{ErrorCode::conflict,
                 to_string(facts.view.members.size() - 1) + " voters would be left; the floor is " +
                     to_string(facts.view.floor) + ". A member that goes for good can leave"};
  if (auto refusal = why_not_spared(facts, member)) return refusal;
  return why_not_removed(facts, member);
}

Refusal why_not_leave(const GroupFacts& facts, const MemberId& member) {
  if (facts.view.members.size() == 1)
    return Error{ErrorCode::conflict, "the last member cannot leave its group"};
  const bool has_successor = std::ranges::any_of(facts.view.up, [&](const MemberId& id) {
    return id != member && facts.is_heard(id) && !is_among(facts.full, id);
  });
  if (member == facts.leader && !has_successor)
    return Error{ErrorCode::unavailable, "no other member can lead"};
  if (auto refusal = why_not_spared(facts, member)) return refusal;
  Refusal refusal = why_not_removed(facts, member);
  if (refusal)
    return Error{ErrorCode::outcome_unknown, refusal->detail + ". It leaves when they are"};
  return std::nullopt;
}

Refusal why_not_replace(const GroupFacts& facts, const MemberId& member) {
  const std::string name = facts.name_of(member);
  const View& view = facts.view;
  if (view.is_up(member))
    return Error{ErrorCode::conflict,
                 name + " is up, and nobody takes the place of a member that lives; stop it first"};
  if (view.in_maintenance(member, facts.clock))
    return Error{ErrorCode::conflict, name +
                                          " is in maintenance, which keeps its place; end that "
                                          "first"};
  // At the floor the two stand side by side for a moment.
  if (is_at_floor(view) && view.members.size() >= view.voters_max)
    return Error{ErrorCode::conflict, "the view has as few voters as the floor, " +
                                          to_string(view.floor) + ", and as many as it may have"};
  if (auto refusal = why_not_spared(facts, member)) return refusal;
  return why_not_removed(facts, member);
}

Refusal why_not_rest(const GroupFacts& facts, const Plan& plan) {
  if (plan.ttl <= facts.maintenance_max) return std::nullopt;
  return Error{ErrorCode::invalid_argument, "maintenance takes at most " +
                                                to_string(facts.maintenance_max.count() / 1000) +
                                                "s at a time"};
}

Refusal why_not_transfer(const GroupFacts& facts, const MemberId& member) {
  if (member == facts.leader) return std::nullopt;
  if (!facts.view.is_up(member) || is_among(facts.full, member))
    return Error{ErrorCode::unavailable, facts.name_of(member) + " is down or its disk is full"};
  if (is_among(facts.stateless, member))
    return Error{ErrorCode::unavailable,
                 "the state of " + facts.name_of(member) + " is out of use"};
  return std::nullopt;
}

Refusal why_not(const GroupFacts& facts, const Plan& plan) {
  if (facts.leader.is_none()) return Error{ErrorCode::unavailable, "no leader is known"};
  switch (plan.change) {
    case Change::evict: return why_not_evict(facts, plan.member);
    case Change::leave: return why_not_leave(facts, plan.member);
    case Change::replace: return why_not_replace(facts, plan.member);
    case Change::maintenance: return why_not_rest(facts, plan);
    case Change::transfer: return why_not_transfer(facts, plan.member);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Change change) {
  switch (change) {
    case Change::evict: return "evict";
    case Change::leave: return "leave";
    case Change::replace: return "replace";
    case Change::maintenance: return "maintenance";
    case Change::transfer: return "transfer";
  }
  return "";
}

bool GroupFacts::is_heard(const MemberId& id) const {
  return is_among(heard, id);
}

std::string GroupFacts::name_of(const MemberId& id) const {
  const gms::model::Member* found = view.find(id);
  return found != nullptr ? found->name : gms::model::to_string(id);
}

Strength strength_of(const View& view) {
  return {view.members.size(), view.up.size()};
}

Explanation explain(const GroupFacts& facts, const Plan& plan) {
  return {strength_of(facts.view), strength_after(facts.view, plan), why_not(facts, plan)};
}

GroupFacts without(GroupFacts facts, const MemberId& member) {
  std::erase(facts.view.up, member);
  std::erase(facts.heard, member);
  // Any of the others may lead then; without a quorum of them none does.
  const Strength left{facts.view.members.size(), facts.heard.size()};
  if (facts.leader == member)
    facts.leader = left.up >= left.quorum() ? facts.heard.front() : MemberId();
  return facts;
}

std::optional<Error> why_not_add(const GroupFacts& facts, std::string_view name) {
  const View& view = facts.view;
  if (view.find_name(name) != nullptr)
    return Error{ErrorCode::conflict, std::string(name) + " is a member of the view already"};
  if (view.members.size() >= view.voters_max)
    return Error{ErrorCode::conflict, "the view has " + to_string(view.members.size()) +
                                          " voters, and no more may join"};
  if (facts.leader.is_none()) return Error{ErrorCode::unavailable, "no leader is known"};
  return std::nullopt;
}

}  // namespace kvctl
