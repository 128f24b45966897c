#pragma once

#include <deque>
#include <map>

#include "gms/core/trace.hpp"
#include "kvstore/api/inspection.hpp"

namespace kvstore::server {

/// Whether `self`, who is told of `view` now, saw it made. Not if its log had it at the start, up
/// to `logged_before`, and not if it was away then: it is not up in such a view, before it is back.
[[nodiscard]] bool is_seen_made(const gms::model::PlacedView& view, gms::model::MemberId self,
                                gms::model::Index logged_before);

/// Remembers the newest views of a member, and why each was made as far as that was seen here: a
/// leader gives its reasons before the view. Thread rule: the group's thread.
class ViewHistory {
 public:
  /// All of them in one answer stay far below the largest frame.
  static constexpr std::size_t kViewsMax = 128;

  /// Hears of why a leader will change the view; other events say nothing here.
  void on_trace(const gms::core::TraceEvent& event);
  /// The view in force from `at_ms` on, in wall clock; zero when that was not seen.
  void add(const gms::model::PlacedView& view, std::uint64_t at_ms);

  [[nodiscard]] api::ViewsReply views() const { return {{views_.begin(), views_.end()}}; }

 private:
  [[nodiscard]] std::string name_of(const gms::model::PlacedView& next) const;
  [[nodiscard]] api::ViewReason reason_of(const gms::model::View& view) const;

  std::deque<api::ViewReport> views_;
  /// Of the changes that a leader of this process has announced and not made yet.
  std::map<gms::model::MemberId, api::ViewReason> announced_;
};

}  // namespace kvstore::server
