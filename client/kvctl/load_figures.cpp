#include "client/kvctl/load_figures.hpp"

#include <cmath>

namespace kvctl {
namespace {

std::int64_t whole(double value) {
  return std::llround(value);
}

}  // namespace

boost::json::object figures_of(const LoadPlan& plan, const LoadReport& report) {
  const auto calls = static_cast<double>(report.latency.count());
  const double seconds = report.time.count();
  return {{"ops", report.latency.count()},
          {"errors", report.failed},
          {"elapsed_ms", whole(seconds * 1e3)},
          {"ops_per_s", whole(seconds > 0 ? calls / seconds : 0)},
          {"mean_us", whole(report.latency.mean())},
          {"p50_us", report.latency.percentile(0.5)},
          {"p90_us", report.latency.percentile(0.9)},
          {"p99_us", report.latency.percentile(0.99)},
          {"p999_us", report.latency.percentile(0.999)},
          {"max_us", report.latency.max()},
          {"client_cpu_ns_per_op", whole(calls > 0 ? report.cpu_time.count() * 1e9 / calls : 0)},
          {"clients", plan.clients},
          {"outstanding", plan.outstanding},
          {"value_bytes", plan.value_bytes}};
}

}  // namespace kvctl
