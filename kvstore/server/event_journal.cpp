#include "kvstore/server/event_journal.hpp"

#include <algorithm>

#include "kvstore/server/clock.hpp"

namespace kvstore::server {

using gms::core::TraceEvent;

namespace {

template <class... Kinds>
bool is_any_of(const TraceEvent& event) {
  return (std::holds_alternative<Kinds>(event) || ...);
}

/// What happens all the time, for every batch or entry or every second of a load.
bool is_routine(const TraceEvent& event) {
  return is_any_of<gms::core::EntriesAppended, gms::core::CommitAdvanced,
                   gms::core::MulticastDropped, gms::core::LogTrimmed>(event);
}

}  // namespace

EventJournal::EventJournal(std::size_t events_max, Listener& listener, api::EventSeq before)
    : events_max_(std::clamp(events_max, std::size_t{1}, api::kInspectionItemsMax)),
      listener_(listener),
      last_(before) {}

void EventJournal::on_trace(const TraceEvent& event) {
  if (is_routine(event)) return;
  add(std::string(name_of(event)), describe(event));
  if (is_any_of<gms::core::MemberSuspected, gms::core::MemberEvicted>(event))
    listener_.on_reason(event);
  if (is_any_of<gms::core::RoleChanged, gms::core::LeaderChanged>(event)) listener_.on_leadership();
}

void EventJournal::on_link(const gms::net::LinkEvent& event) {
  add(std::string(to_string(event.kind)), describe(event));
}

void EventJournal::add(std::string kind, std::string text) {
  if (events_.size() == events_max_) events_.pop_front();
  events_.push_back({++last_, wall_clock_ms(), std::move(kind), std::move(text)});
  listener_.on_event(events_.back());
}

api::EventsReply EventJournal::after(api::EventSeq after) const {
  const auto first = std::ranges::upper_bound(events_, after, {}, &api::EventReport::seq);
  return {{first, events_.end()}};
}

}  // namespace kvstore::server
