#include "kvstore/server/write_table.hpp"

#include <algorithm>
#include <utility>

#include "gms/model/assert.hpp"

namespace kvstore::server {

using gms::model::Ticket;

namespace {

constexpr std::size_t kSparesMax = 8;

}  // namespace

void WriteTable::add(Ticket ticket, const Origin& origin) {
  GMS_ASSERT(origin.connection != ConnectionKey{}, "WriteTable::add: somebody waits");
  if (runs_.empty() || runs_.back().end() != ticket) start_run(ticket);
  runs_.back().places.push_back(origin);
  ++runs_.back().waiting;
  ++size_;
}

std::optional<Origin> WriteTable::take(Ticket ticket) {
  const auto after = std::ranges::upper_bound(runs_, ticket, {}, &Run::first);
  if (after == runs_.begin()) return std::nullopt;
  Run& run = *std::prev(after);
  if (ticket >= run.end()) return std::nullopt;
  const Origin origin = std::exchange(run.places[ticket - run.first], Origin());
  if (origin.connection == ConnectionKey{}) return std::nullopt;
  --run.waiting;
  --size_;
  drop_ended();
  return origin;
}

void WriteTable::start_run(Ticket first) {
  GMS_ASSERT(runs_.empty() || first > runs_.back().end(), "WriteTable::add: tickets grow");
  Run& run = runs_.emplace_back();
  run.first = first;
  if (spares_.empty()) return;
  run.places = std::move(spares_.back());
  spares_.pop_back();
}

void WriteTable::drop_ended() {
  while (!runs_.empty() && runs_.front().waiting == 0) {
    if (spares_.size() < kSparesMax) {
      runs_.front().places.clear();
      spares_.push_back(std::move(runs_.front().places));
    }
    runs_.pop_front();
  }
}

}  // namespace kvstore::server
