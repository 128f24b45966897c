#include "tests/torture/stopping/stop_sink.hpp"

namespace tests::torture {

void StopSink::on_trace(const gms::core::TraceEvent& event) {
  plan_.reached(name_of(event));
  if (const auto* proposed = std::get_if<gms::core::ViewProposed>(&event))
    plan_.reached("view_proposed/" + std::string(to_string(proposed->view.view.cause)));
}

}  // namespace tests::torture
