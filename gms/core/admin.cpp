#include <algorithm>

#include "gms/core/engine_parts.hpp"

namespace gms::core {

using namespace model;

MemberId Engine::Parts::known_leader() const {
  if (std::holds_alternative<Leading>(role)) return self;
  const auto* following = std::get_if<Following>(&role);
  return following != nullptr ? following->leader : MemberId();
}

void Engine::Parts::on(Admin input) {
  std::optional<Error> refusal;
  if (!log.view().view.has_voter(input.request.member)) {
    refusal = Error{ErrorCode::not_found, "no voter " + to_string(input.request.member)};
  } else if (input.request.ttl < Duration::zero()) {
    refusal = Error{ErrorCode::invalid_argument, "maintenance takes no negative time"};
  } else if (known_leader().is_none()) {
    refusal = Error{ErrorCode::not_leader, "no leader is known"};
  } else if (wishes.size() >= config.forwards_max) {
    refusal = Error{ErrorCode::busy, "too many requests of operators are under way"};
  }
  if (refusal) return out.add(Completed{input.ticket, 1, refusal, known_leader()});
  Wish wish;
  wish.ticket = input.ticket;
  wish.request = input.request;
  wish.expires = now + config.admin_deadline;
  wish.again = now;
  wishes.push_back(wish);
}

void Engine::Parts::see_to_wishes() {
  std::erase_if(wishes, [&](Wish& wish) {
    auto end = see_to(wish);
    if (end) out.add(std::move(*end));
    return end.has_value();
  });
}

std::optional<Completed> Engine::Parts::see_to(Wish& wish) {
  const auto ended = [&](std::optional<Error> error) {
    return Completed{wish.ticket, 1, std::move(error), known_leader()};
  };
  if (is_done(wish)) return ended(std::nullopt);
  if (now >= wish.expires)
    return ended(Error{ErrorCode::outcome_unknown, "it is not done yet; look at the view"});
  if (wish.request.action == AdminAction::transfer && wish.stage != Wish::Stage::unasked) {
    auto error = why_no_transfer(wish);
    return error ? std::optional(ended(std::move(error))) : std::nullopt;
  }
  // A new leader knows nothing of what the one before it was asked for; an answer may be lost.
  const bool unheard = wish.stage == Wish::Stage::asked && now >= wish.again;
  if (wish.stage != Wish::Stage::unasked && (unheard || wish.epoch != hard_state.epoch)) {
    wish.stage = Wish::Stage::unasked;
    wish.again = now;
  }
  if (wish.stage != Wish::Stage::unasked || now < wish.again) return std::nullopt;
  auto error = ask_leader_for(wish);
  return error ? std::optional(ended(std::move(error))) : std::nullopt;
}

bool Engine::Parts::is_done(const Wish& wish) const {
  const MemberId& member = wish.request.member;
  const bool taken = wish.stage == Wish::Stage::taken;
  switch (wish.request.action) {
    case AdminAction::transfer: return known_leader() == member;
    case AdminAction::maintenance: return taken && is_committed(wish.at);
    case AdminAction::evict:
      // It is not told of its own eviction but by this.
      if (excluded && !excluded->view.view.has_voter(member)) return true;
      return taken && is_committed(wish.at);
    case AdminAction::leave: break;
  }
  if (excluded && member == self) return has_left();
  if (log.view().view.has_voter(member) || log.view().position.index > delivery.commit())
    return false;
  // Who was evicted may come back.
  const auto removal = log.removal_of(member);
  return !removal || removal->cause == ViewCause::leave;
}

bool Engine::Parts::is_committed(const Position& at) const {
  if (at.index > delivery.commit()) return false;
  return at.index <= log.base().head.position.index || log.epoch_at(at.index) == at.epoch;
}

std::optional<Error> Engine::Parts::why_no_transfer(const Wish& wish) const {
  const MemberId leader = known_leader();
  if (leader.is_none()) return std::nullopt;
  if (wish.epoch != hard_state.epoch)
    return Error{ErrorCode::unavailable, "member " + to_string(leader) + " leads instead"};
  if (wish.stage != Wish::Stage::taken) return std::nullopt;
  const auto* leading = std::get_if<Leading>(&role);
  const bool given_up = leading != nullptr ? !leading->transfer : now >= wish.again;
  if (!given_up) return std::nullopt;
  return Error{ErrorCode::unavailable, "that member did not take over in time"};
}

std::optional<Error> Engine::Parts::ask_leader_for(Wish& wish) {
  const MemberId leader = known_leader();
  if (leader.is_none()) return std::nullopt;
  wish.epoch = hard_state.epoch;
  wish.stage = Wish::Stage::asked;
  wish.again = now + 2 * config.election_min;
  if (auto* leading = std::get_if<Leading>(&role))
    return note_answer(wish, administer(*leading, wish.request));
  Forward request;
  request.ticket = wish.forward = ++last_forward;
  request.admin = wish.request;
  out.send(leader, hard_state.epoch, std::move(request));
  return std::nullopt;
}

std::optional<Error> Engine::Parts::note_answer(Wish& wish, const Result<Position>& answer) {
  if (answer) {
    wish.stage = Wish::Stage::taken;
    wish.at = *answer;
    wish.again = now + config.transfer_deadline + config.election_min;
    return std::nullopt;
  }
  const Error& refusal = answer.error();
  const bool later = refusal.code == ErrorCode::not_leader || refusal.code == ErrorCode::busy;
  if (wish.request.action == AdminAction::transfer || !later) return refusal;
  wish.stage = Wish::Stage::unasked;
  wish.again = now + config.heartbeat;
  return std::nullopt;
}

bool Engine::Parts::answers_wish(const ForwardReply& reply) {
  const auto wish = std::find_if(wishes.begin(), wishes.end(), [&](const Wish& w) {
    return w.stage == Wish::Stage::asked && w.forward == reply.ticket;
  });
  if (wish == wishes.end()) return false;
  Result<Position> answer = reply.first;
  if (reply.verdict != ForwardVerdict::accepted)
    answer = Error{code_of(reply.verdict), reply.detail};
  if (auto error = note_answer(*wish, answer)) {
    out.add(Completed{wish->ticket, 1, std::move(error), reply.leader});
    wishes.erase(wish);
  }
  return true;
}

Instant Engine::Parts::deadline_of(const Wish& wish) const {
  return wish.again > now ? std::min(wish.again, wish.expires) : wish.expires;
}

Result<Position> Engine::Parts::administer(Leading& leading, const AdminRequest& request) {
  if (!log.view().view.has_voter(request.member)) {
    const auto removal = log.removal_of(request.member);
    const bool has_gone =
        removal && (request.action == AdminAction::evict ||
                    (request.action == AdminAction::leave && removal->cause == ViewCause::leave));
    if (has_gone) return removal->at;
    return Error{ErrorCode::not_found, "no voter " + to_string(request.member)};
  }
  std::optional<Error> refusal;
  switch (request.action) {
    case AdminAction::leave: refusal = leave(leading, request.member); break;
    case AdminAction::transfer: refusal = hand_over(leading, request.member); break;
    case AdminAction::evict: refusal = evict(leading, request.member); break;
    case AdminAction::maintenance: refusal = maintain(leading, request); break;
  }
  if (refusal) return *refusal;
  const bool made_a_view =
      request.action == AdminAction::evict || request.action == AdminAction::maintenance;
  return made_a_view ? log.view().position : Position();
}

std::optional<Error> Engine::Parts::hand_over(Leading& leading, const MemberId& member) {
  if (member == self) return std::nullopt;
  if (leading.transfer && leading.transfer->target == member) return std::nullopt;
  if (leading.transfer) return Error{ErrorCode::busy, "leadership is being handed over already"};
  const Progress* peer = leading.find(member);
  if (!may_take_over(member) || peer == nullptr || peer->disk_full)
    return Error{ErrorCode::unavailable, "that member is down or its disk is full"};
  if (!has_state_in_use(*peer))
    return Error{ErrorCode::unavailable, "the state of that member is out of use"};
  start_transfer(leading, member);
  return std::nullopt;
}

std::optional<Error> Engine::Parts::evict(Leading& leading, const MemberId& member) {
  const PolicyFacts facts = policy_facts(leading);
  if (auto error = why_not_evict(facts, member, config)) return error;
  // A leader that stood still does not know yet who is there [C22].
  if (!can_propose_view(leading) || now < stall_until)
    return Error{ErrorCode::busy, "the view cannot be changed at this moment; ask again"};
  const ViewChange change = removal(facts, member, EvictionReason::asked);
  trace_reason(change, facts.voters);
  propose_view(leading, change);
  return std::nullopt;
}

std::optional<Error> Engine::Parts::maintain(Leading& leading, const AdminRequest& request) {
  if (request.ttl < Duration::zero() || request.ttl > config.maintenance_max)
    return Error{ErrorCode::invalid_argument, "maintenance takes at most " +
                                                  std::to_string(config.maintenance_max.count()) +
                                                  " ms at a time"};
  const GroupClock clock = group_clock(leading);
  const GroupClock before = log.view().view.maintenance_until(request.member);
  const bool ends = request.ttl == Duration::zero();
  const GroupClock until =
      ends ? GroupClock() : clock + static_cast<std::uint64_t>(request.ttl.count());
  // A shorter time than what is granted already takes nothing away.
  if (ends ? before == GroupClock() : before >= until) return std::nullopt;
  if (!can_propose_view(leading))
    return Error{ErrorCode::busy, "the view cannot be changed at this moment; ask again"};
  propose_view(leading, {ViewCause::maintenance, {request.member}, {}, {}, until});
  return std::nullopt;
}

std::optional<Error> Engine::Parts::leave(Leading& leading, const MemberId& member) {
  if (log.view().view.members.size() == 1)
    return Error{ErrorCode::conflict, "the last member cannot leave its group"};
  if (member != self) {
    if (auto error = why_not_leave(policy_facts(leading), member, config)) return error;
    const auto& list = leading.leaving;
    if (std::find(list.begin(), list.end(), member) == list.end())
      leading.leaving.push_back(member);
    return std::nullopt;
  }
  // A leader never removes itself [C6]: its successor will, when it is asked again.
  const auto successor = best_successor(leading);
  if (!successor) return Error{ErrorCode::unavailable, "no other member can lead"};
  if (!leading.transfer) start_transfer(leading, *successor);
  return Error{ErrorCode::busy, "leadership is handed over first; ask again"};
}

}  // namespace gms::core
