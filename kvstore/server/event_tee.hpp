#pragma once

#include "gms/group.hpp"

namespace kvstore::server {

/// Passes each event on to two sinks, one after the other. Thread rule: the group's thread. The
/// sinks outlive it.
class EventTee final : public gms::net::EventSink {
 public:
  EventTee(gms::net::EventSink& first, gms::net::EventSink& second)
      : first_(first), second_(second) {}

  void on_trace(const gms::core::TraceEvent& event) override {
    first_.on_trace(event);
    second_.on_trace(event);
  }
  void on_link(const gms::net::LinkEvent& event) override {
    first_.on_link(event);
    second_.on_link(event);
  }

 private:
  gms::net::EventSink& first_;
  gms::net::EventSink& second_;
};

}  // namespace kvstore::server
