#pragma once

#include "gms/net/event_sink.hpp"
#include "tests/torture/stopping/stop_plan.hpp"

namespace tests::torture {

/// The engine's typed events as points: each by its name, such as `commit_advanced`, and views that
/// are proposed by their cause too, such as `view_proposed/evict`. Thread rule: the group's thread.
class StopSink final : public gms::net::EventSink {
 public:
  explicit StopSink(StopPlan& plan) : plan_(plan) {}

  void on_trace(const gms::core::TraceEvent& event) override;
  void on_link(const gms::net::LinkEvent&) override {}

 private:
  StopPlan& plan_;
};

}  // namespace tests::torture
