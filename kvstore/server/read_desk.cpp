#include "kvstore/server/read_desk.hpp"

#include <algorithm>

namespace kvstore::server {

using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Instant;
using gms::model::Result;
using gms::model::Ticket;

Error out_of_use() {
  return {ErrorCode::unavailable,
          "the state of this replica is out of use and is being replaced; ask another"};
}

replica::ReaderId reader_of(ConnectionKey connection) {
  return replica::ReaderId(std::uint64_t{connection.generation} << 32 | connection.slot);
}

void ReadDesk::serve(const PendingRead& read, Instant now) {
  if (read.revision_min > api::revision_at(replica_.applied())) {
    park(read);
  } else {
    answer(read, now);
  }
}

void ReadDesk::serve_after(Ticket ticket, const PendingRead& read) {
  if (rounds_.empty() || rounds_.back().ticket != ticket) {
    rounds_.push_back(std::move(spare_));
    spare_ = Round();
    rounds_.back().ticket = ticket;
  }
  Round& round = rounds_.back();
  round.places.push_back({read, round.queries.size(), read.query.size()});
  round.places.back().read.query = {};
  round.queries.insert(round.queries.end(), read.query.begin(), read.query.end());
  ++waiting_;
}

void ReadDesk::on_barrier(Ticket ticket, Instant now) {
  const auto found = std::ranges::find(rounds_, ticket, &Round::ticket);
  if (found == rounds_.end()) return;
  passed_.push_back(std::move(*found));
  rounds_.erase(found);
  // What waits already has its turn first.
  if (passed_.size() == 1) serve_passed(now);
}

void ReadDesk::serve_passed(Instant now) {
  served_bytes_ = 0;
  std::size_t served = 0;
  while (!passed_.empty() && served < limits_.turn_requests_max &&
         served_bytes_ < limits_.turn_reply_bytes_max) {
    ++served;
    Round& round = passed_.front();
    Place& place = round.places[round.served++];
    place.read.query = gms::model::ByteSpan(round.queries).subspan(place.offset, place.size);
    serve(place.read, now);
    if (round.served < round.places.size()) continue;
    Round done = std::move(round);
    passed_.pop_front();
    finish(std::move(done));
  }
}

void ReadDesk::on_lost(Ticket first, std::uint64_t count, const Error& error,
                       const MemberContact& leader) {
  const auto is_lost = [&](const Round& round) {
    return round.ticket >= first && round.ticket < first + count;
  };
  while (true) {
    const auto found = std::ranges::find_if(rounds_, is_lost);
    if (found == rounds_.end()) return;
    Round round = std::move(*found);
    rounds_.erase(found);
    for (const Place& place : round.places)
      answers_.failed(place.read.origin, error, replica_.applied(), leader);
    finish(std::move(round));
  }
}

void ReadDesk::finish(Round round) {
  waiting_ -= round.places.size();
  round.places.clear();
  round.queries.clear();
  round.served = 0;
  spare_ = std::move(round);
}

void ReadDesk::on_applied(Instant now) {
  const api::Revision applied = api::revision_at(replica_.applied());
  while (!parked_.empty() && parked_.begin()->first <= applied) {
    const auto first = parked_.begin();
    answer(first->second.read, now);
    unpark(first);
  }
}

void ReadDesk::expire(Instant now) {
  for (auto next = parked_.begin(); next != parked_.end();) {
    const auto parked = next++;
    if (parked->second.read.deadline > now) continue;
    answers_.failed(
        parked->second.read.origin,
        {ErrorCode::unavailable, "revision " + std::to_string(parked->first.value()) +
                                     " was not applied here in time; this replica has applied " +
                                     std::to_string(replica_.applied().value())},
        replica_.applied());
    unpark(parked);
  }
}

void ReadDesk::park(const PendingRead& read) {
  if (parked_.size() >= limits_.held_requests_max ||
      parked_bytes_ + read.query.size() > limits_.held_bytes_max) {
    answers_.failed(read.origin, {ErrorCode::busy, "too many reads wait for their revision"},
                    replica_.applied());
    return;
  }
  const auto parked = parked_.emplace(
      read.revision_min, Parked{read, gms::model::Bytes(read.query.begin(), read.query.end())});
  parked->second.read.query = parked->second.query;
  parked_bytes_ += parked->second.query.size();
}

void ReadDesk::unpark(std::multimap<api::Revision, Parked>::iterator parked) {
  parked_bytes_ -= parked->second.query.size();
  parked_.erase(parked);
}

void ReadDesk::answer(const PendingRead& read, Instant now) {
  if (use_ == StateUse::quarantined)
    return answers_.failed(read.origin, out_of_use(), replica_.applied());
  // A range that it begins would have nobody to end it.
  if (!answers_.is_open(read.origin.connection))
    return answers_.failed(read.origin, {ErrorCode::closed, "the client is gone"},
                           replica_.applied());
  if (!answers_.has_room(read.origin.connection)) {
    answers_.failed(read.origin, {ErrorCode::busy, "take the replies that are waiting first"},
                    replica_.applied());
    return;
  }
  reply_.clear();
  const Result<void> done = read_into(read, now);
  if (done) {
    served_bytes_ += reply_.bytes().size();
    answers_.done(read.origin, reply_.bytes(), replica_.applied());
  } else {
    fail(read.origin, done.error());
  }
}

void ReadDesk::fail(const Origin& origin, const Error& error) {
  if (error.code != ErrorCode::corrupt) return answers_.failed(origin, error, replica_.applied());
  answers_.failed(
      origin,
      {ErrorCode::unavailable, "data of this replica is damaged; ask another: " + error.detail},
      replica_.applied());
  damage_ = error;
}

Result<void> ReadDesk::read_into(const PendingRead& read, Instant now) {
  if (read.kind == api::RequestKind::get) {
    const auto query = api::decode_get_query(read.query);
    if (!query) return query.error();
    return replica_.get(*query, reply_);
  }
  const auto query = api::decode_range_query(read.query);
  if (!query) return query.error();
  return replica_.ranges().first_page(*query, reader_of(read.origin.connection), now, reply_);
}

}  // namespace kvstore::server
