#include "gms/core/follower_reads.hpp"

#include <utility>

#include "gms/core/engine_parts.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

void FollowerReads::asked(Ticket id, Instant expires) {
  id_ = id;
  expires_ = expires;
  asked_ = std::exchange(waiting_, {});
}

std::optional<Instant> FollowerReads::expires() const {
  if (id_ == Ticket()) return std::nullopt;
  return expires_;
}

void FollowerReads::give_up() {
  id_ = Ticket();
  waiting_.insert(waiting_.begin(), asked_.begin(), asked_.end());
  asked_.clear();
}

void FollowerReads::answered(Ticket id, Index index) {
  if (id_ == Ticket() || id != id_) return;
  id_ = Ticket();
  for (const Ticket ticket : asked_) covered_.push_back({ticket, index});
  asked_.clear();
}

std::vector<ReadBarrier::Ready> FollowerReads::take_ready(Index applied) {
  std::vector<ReadBarrier::Ready> ready;
  while (!covered_.empty() && covered_.front().index <= applied) {
    ready.push_back(covered_.front());
    covered_.pop_front();
  }
  return ready;
}

std::vector<Ticket> FollowerReads::take_all() {
  give_up();
  std::vector<Ticket> tickets = std::exchange(waiting_, {});
  for (const ReadBarrier::Ready& read : covered_) tickets.push_back(read.ticket);
  covered_.clear();
  return tickets;
}

// ---- the engine's part

void Engine::Parts::read_elsewhere(Ticket ticket) {
  const MemberId leader = known_leader();
  if (leader.is_none()) {
    out.add(Completed{ticket, 1, Error{ErrorCode::not_leader, "no leader is known"}, leader});
  } else if (follower_reads.size() >= config.reads_max) {
    out.add(Completed{ticket, 1, Error{ErrorCode::busy, "too many reads wait"}, leader});
  } else {
    follower_reads.add(ticket);
    ask_read_index();
  }
}

void Engine::Parts::ask_read_index() {
  const MemberId leader = known_leader();
  if (!follower_reads.wants_request() || leader.is_none() || leader == self) return;
  follower_reads.asked(++last_forward, now + config.election_min);
  out.send(leader, hard_state.epoch, ReadIndexRequest{last_forward});
}

void Engine::Parts::on_read_index_request(const Message& message) {
  auto& leading = std::get<Leading>(role);
  // A leader that has committed nothing yet does not know how far the commit is. It is asked again.
  if (!leading.own_epoch_committed || leading.askers.size() >= config.reads_max) return;
  const auto& request = std::get<ReadIndexRequest>(message.body);
  leading.askers.push_back({++leading.last_asked, message.from, request.id});
  leading.asked_reads.add(leading.last_asked, delivery.commit(), leading.heartbeat_seq.next());
  if (leading.heartbeat_seq - leading.confirmed < kReadRoundsMax) broadcast_heartbeat(leading);
}

void Engine::Parts::answer_read_requests(Leading& leading) {
  for (const ReadBarrier::Ready& read : leading.asked_reads.take_ready(delivery.commit())) {
    const ReadAsked asked = leading.askers.front();
    GMS_ASSERT(asked.number == read.ticket, "R2");
    leading.askers.pop_front();
    out.send(asked.from, hard_state.epoch, ReadIndexReply{asked.id, read.index});
  }
}

void Engine::Parts::on_read_index_reply(const Message& message) {
  const auto& reply = std::get<ReadIndexReply>(message.body);
  follower_reads.answered(reply.id, reply.index);
  ask_read_index();
}

void Engine::Parts::release_follower_reads() {
  for (const ReadBarrier::Ready& read : follower_reads.take_ready(delivery.applied()))
    out.add(ReadReady{read.ticket, read.index});
}

void Engine::Parts::expire_read_request() {
  const auto expires = follower_reads.expires();
  if (!expires || now < *expires) return;
  follower_reads.give_up();
  ask_read_index();
}

void Engine::Parts::fail_follower_reads() {
  for (const Ticket ticket : follower_reads.take_all())
    out.add(Completed{ticket, 1, Error{ErrorCode::not_leader, "the leader changed"}, {}});
}

}  // namespace gms::core
