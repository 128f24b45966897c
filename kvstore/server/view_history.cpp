#include "kvstore/server/view_history.hpp"

namespace kvstore::server {

using api::ViewReason;
using gms::core::EvictionReason;
using gms::core::MemberEvicted;
using gms::core::MemberSuspected;
using gms::model::Member;
using gms::model::PlacedView;
using gms::model::View;
using gms::model::ViewCause;

namespace {

ViewReason reason_for(EvictionReason reason) {
  switch (reason) {
    case EvictionReason::silent: return ViewReason::silent;
    case EvictionReason::regressed: return ViewReason::regressed;
    case EvictionReason::replaced: return ViewReason::replaced;
    case EvictionReason::asked: return ViewReason::asked;
  }
  return ViewReason::unknown;
}

}  // namespace

bool is_seen_made(const PlacedView& view, gms::model::MemberId self,
                  gms::model::Index logged_before) {
  return view.position.index > logged_before && view.view.is_up(self);
}

void ViewHistory::on_trace(const gms::core::TraceEvent& event) {
  if (const auto* suspected = std::get_if<MemberSuspected>(&event))
    announced_[suspected->member] =
        suspected->process_dead ? ViewReason::crashed : ViewReason::silent;
  if (const auto* evicted = std::get_if<MemberEvicted>(&event))
    announced_[evicted->member] = reason_for(evicted->reason);
}

void ViewHistory::add(const PlacedView& view, std::uint64_t at_ms) {
  if (view.view.members.empty()) return;
  // A member that starts delivers the view again that it knows already.
  if (!views_.empty() && views_.back().view == view) return;
  if (views_.size() == kViewsMax) views_.pop_front();
  views_.push_back({view, name_of(view), reason_of(view.view), at_ms});
  // What was announced led to this view, or came to nothing with the leader's epoch.
  announced_.clear();
}

std::string ViewHistory::name_of(const PlacedView& next) const {
  const gms::model::MemberId& subject = next.view.subject;
  const Member* found = next.view.find(subject);
  if (found == nullptr && !views_.empty()) found = views_.back().view.view.find(subject);
  return found != nullptr ? found->name : to_string(subject);
}

ViewReason ViewHistory::reason_of(const View& view) const {
  // Only operators have these made.
  if (view.cause == ViewCause::leave || view.cause == ViewCause::maintenance)
    return ViewReason::asked;
  if (view.cause != ViewCause::down && view.cause != ViewCause::evict) return ViewReason::unknown;
  const auto found = announced_.find(view.subject);
  return found == announced_.end() ? ViewReason::unknown : found->second;
}

}  // namespace kvstore::server
