#include <algorithm>
#include <utility>

#include "gms/core/engine_parts.hpp"
#include "gms/core/quorum.hpp"

namespace gms::core {

using namespace model;

namespace {

Error out_of_use() {
  return {ErrorCode::unavailable,
          "the state of this member is out of use, and another one takes its place"};
}

/// What the newest sample says that both know.
struct Common {
  Index index;
  bool same = false;
};

std::optional<Common> newest_common(const StateSamples& own,
                                    const std::vector<StateSample>& samples) {
  std::optional<Common> out;
  for (const StateSample& sample : samples)
    if (const auto digest = own.at(sample.index))
      out = Common{sample.index, *digest == sample.digest};
  return out;
}

/// Where the peer's state was first seen to differ, if it does.
std::optional<Index> differed_at(const Progress& peer) {
  return peer.differs_since ? std::optional(peer.differs_at) : std::nullopt;
}

}  // namespace

// ---- the side of who has diverged

StateReport Engine::Parts::state_report() const {
  StateReport report{state_generation, std::nullopt, samples.report()};
  // Others count on it that this state says nothing any more: not before a crash cannot undo that.
  if (diverged && durable >= divergence_order) report.wants_from = needs_from();
  // Nor that it says something again.
  if (mended_by && durable < *mended_by) report.wants_from = needs_from();
  return report;
}

Index Engine::Parts::needs_from() const {
  // Nothing that was delivered to the state of now is delivered to the next one.
  return std::max(delivery.told(), log.base().head.position.index);
}

void Engine::Parts::on_state_diverged(const Message& message) {
  const auto& said = std::get<StateDiverged>(message.body);
  if (std::get<Following>(role).leader != message.from) return;
  // It may be of a state that this member has not any more.
  if (said.generation == state_generation) quarantine(said.index);
}

void Engine::Parts::on(DamageFound) {
  // Where there is nobody else, what is sound of this state is all that there is.
  const View& view = log.view().view;
  if (view.members.size() == 1 && view.has_voter(self)) return;
  put_out_of_use(StateDamaged{delivery.applied()});
}

void Engine::Parts::quarantine(Index index) {
  put_out_of_use(MemberDiverged{self, index});
}

void Engine::Parts::put_out_of_use(const TraceEvent& why) {
  if (diverged) return;
  diverged = true;
  divergence_order = out.order_divergence();
  out.trace(why);
  begin_quarantine();
}

void Engine::Parts::begin_quarantine() {
  out.add(Quarantine{});
  release_shelf();
  // What of these has been ordered is delivered to another state, without its ticket.
  delivery.forget_expected({ErrorCode::outcome_unknown, "the state of this member went out of use"},
                           out.effects());
  fail_forwards();
  for (const Ticket ticket : follower_reads.take_all()) refuse_diverged(ticket, 1);
  auto* leading = std::get_if<Leading>(&role);
  if (leading == nullptr) return;
  std::vector<Ticket> reads = leading->reads.take_all();
  reads.insert(reads.end(), leading->early_reads.begin(), leading->early_reads.end());
  leading->early_reads.clear();
  for (const Ticket ticket : reads) refuse_diverged(ticket, 1);
}

void Engine::Parts::refuse_diverged(Ticket first, std::uint64_t count) {
  const MemberId leader = known_leader();
  out.add(Completed{first, count, out_of_use(), leader == self ? MemberId() : leader});
}

void Engine::Parts::give_way(Leading& leading) {
  if (!diverged || leading.transfer || now < leading.next_hand_over) return;
  if (const auto successor = best_successor(leading)) start_transfer(leading, *successor);
}

// ---- the leader's side

StateJudgement Engine::Parts::judge_states(const Leading& leading, Index from) const {
  std::vector<StateOpinion> opinions;
  const View& view = log.view().view;
  std::size_t keeping = view.members.size();
  // A state that another is to take the place of is no opinion, and will not become one: without
  // it the others are as many as they are ever going to be.
  for (const Progress& peer : leading.peers) {
    const bool is_voter = view.has_voter(peer.id());
    if (!peer.reported.wants_from && !lacks_entries(peer))
      opinions.push_back(
          {peer.id(), is_voter, peer.reported.samples, peer.agreed_at, differed_at(peer)});
    else if (is_voter)
      --keeping;
  }
  return judge(samples, opinions, keeping, from);
}

void Engine::Parts::on_state_report(Leading& leading, Progress& peer, const HeartbeatReply& reply) {
  const bool is_another = reply.state.generation != peer.reported.generation;
  if (is_another) peer.fetch_succeeded();
  peer.reported = reply.state;
  const auto common = newest_common(samples, peer.reported.samples);
  const bool same = common && common->same;
  if (is_another) peer.agreed_at.reset();
  if (same) peer.agreed_at = std::max(peer.agreed_at.value_or(common->index), common->index);
  // One that was started again may speak of the time before they differed.
  const bool is_settled = same && (!peer.differs_since || common->index >= peer.differs_at);
  if (diverged || is_another || peer.reported.wants_from || is_settled) {
    peer.differs_since.reset();
    peer.diverged = peer.disputed = false;
  }
  if (peer.reported.wants_from) return mend(leading, peer, reply);
  peer.mending.reset();
  // Once they differ they differ for good, whatever the two still have in common.
  if (diverged || !common || same) return;
  const StateJudgement judgement = judge_states(leading, Index());
  if (judgement.leader_diverged) return quarantine(*judgement.leader_diverged);
  for (const auto& [member, index] : judgement.diverged) {
    if (member != peer.id()) continue;
    peer.differs_since.reset();
    if (!std::exchange(peer.diverged, true)) out.trace(MemberDiverged{member, index});
    out.send(member, hard_state.epoch, StateDiverged{peer.reported.generation, index});
  }
  for (const auto& [member, index] : judgement.disputed)
    if (member == peer.id()) note_dispute(peer, index);
}

bool Engine::Parts::is_in_dispute(const Leading& leading) const {
  // A voter that has not answered this leader yet may be about to say that its state differs.
  const auto may_differ = [&](const Progress& peer) {
    return !samples.empty() && peer.acked_heartbeat == HeartbeatSeq() &&
           peer.silence(now) < config.suspect && log.view().view.has_voter(peer.id());
  };
  return diverged || states_differ(leading) || std::ranges::any_of(leading.peers, may_differ);
}

bool Engine::Parts::states_differ(const Leading& leading) const {
  const auto holds_it = [&](const Progress& peer) { return is_unsettled(leading, peer); };
  return std::ranges::any_of(leading.peers, holds_it);
}

bool Engine::Parts::is_unsettled(const Leading& leading, const Progress& peer) const {
  // For whoever is gone nobody waits: the group may have no quorum without who needs the state.
  if (!peer.differs_since || peer.silence(now) >= config.suspect) return false;
  // Nor for whoever will get another state, because the log has not the entries any more that this
  // one needs; once others say that the leader's is right where that one's was another.
  return !lacks_entries(peer) || !judge_states(leading, peer.differs_at).leader_confirmed;
}

bool Engine::Parts::may_have_state(const Leading& leading, const Progress& peer) const {
  return !is_in_dispute(leading) || (lacks_entries(peer) && is_needed(leading, peer));
}

bool Engine::Parts::is_needed(const Leading& leading, const Progress& peer) const {
  const View& view = log.view().view;
  if (!view.has_voter(peer.id())) return false;
  const auto carries_on = [&](const Member& member) {
    if (member.id == self) return true;
    const Progress* other = leading.find(member.id);
    if (other == nullptr || other->disk_full || other->regressed()) return false;
    // One that is being given the state will carry on: two would decide what is open.
    const bool will = member.id != peer.id() && other->fetch();
    return (will || !lacks_entries(*other)) && other->silence(now) < config.suspect;
  };
  return std::cmp_less(std::ranges::count_if(view.members, carries_on),
                       quorum(view.members.size()));
}

void Engine::Parts::note_dispute(Progress& peer, Index index) {
  if (!peer.differs_since) {
    peer.differs_since = now;
    peer.differs_at = index;
  }
  // The answers of others may be under way.
  if (peer.disputed || now - *peer.differs_since < config.suspect) return;
  peer.disputed = true;
  out.trace(StateDisputed{peer.id(), index});
}

void Engine::Parts::mend(Leading& leading, Progress& peer, const HeartbeatReply& reply) {
  // It needs what the log has no more, and is brought a state anyhow.
  if (peer.fetch() || !peer.may_be_offered(now)) return;
  if (is_in_dispute(leading)) return;
  // A state that nobody agrees with would make two of one that has diverged. Where nothing is told
  // of states, there is nothing to go by.
  const Index from = *reply.state.wants_from;
  if (shelf && shelf->meta && shelf->index < from) release_shelf();
  // The state that is handed on may be much later than what is wanted.
  const Index at = shelf && shelf->meta ? shelf->index : from;
  if (!samples.empty() && !judge_states(leading, at).leader_confirmed) return;
  if (reply.staging && peer.mending && reply.staging->id == peer.mending->id) return;
  const auto offered_at = peer.mending ? peer.mending->offered_at : std::nullopt;
  if (offered_at && now - *offered_at < config.election_min) return;
  if (!shelf) {
    // One that would stand before what is wanted is of no use. The mark is moved here: in a group
    // that rests no message would.
    if (now < next_snapshot || delivery.applied() < from) return;
    if (delivery.marked() < from) return delivery.renew_mark(out.effects());
    take_snapshot();
  }
  peer.mending = Progress::Offer{shelf->id, std::nullopt};
  if (shelf->meta) send_offer(peer);
}

}  // namespace gms::core
