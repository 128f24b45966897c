#pragma once

#include <deque>
#include <functional>
#include <string>

#include "gms/group.hpp"
#include "kvstore/api/inspection.hpp"

namespace kvstore::server {

/// Remembers the newest events of a member and passes each on: roles, leaders, views, suspicions,
/// joins and links. What happens for every entry is counted elsewhere.
/// Thread rule: the group's thread.
class EventJournal final : public gms::net::EventSink {
 public:
  /// Hears of each event that is remembered.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_event(const api::EventReport& event) = 0;
    /// The member's role or leader may be another one now.
    virtual void on_leadership() = 0;
    /// Why a leader will change the view.
    virtual void on_reason(const gms::core::TraceEvent& event) = 0;
  };

  /// Remembers `events_max` events, kInspectionItemsMax at most, and numbers them from the one
  /// after `before`. The listener outlives the journal.
  EventJournal(std::size_t events_max, Listener& listener, api::EventSeq before);

  void on_trace(const gms::core::TraceEvent& event) override;
  void on_link(const gms::net::LinkEvent& event) override;
  /// Remembers what the server itself has to tell.
  void add(std::string kind, std::string text);

  /// The events after `after`, oldest first.
  [[nodiscard]] api::EventsReply after(api::EventSeq after) const;

 private:
  std::size_t events_max_;
  Listener& listener_;
  std::deque<api::EventReport> events_;
  api::EventSeq last_;
};

}  // namespace kvstore::server
