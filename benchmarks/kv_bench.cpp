// Writes and reads through the client library, at several numbers of calls under way.
//
//     kv_bench [--kinds put,get,mixed] [--outstanding 1,64,256,1000] [--seconds 3] [-o json]
//
// Runs on three replicas that it starts on this machine, or on the members given with -e. The
// figures are those of `kvctl bench`, whose generator it is.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "benchmarks/local_members.hpp"
#include "client/kvctl/load.hpp"
#include "client/kvctl/load_figures.hpp"

namespace benchmarks {
namespace {

namespace json = boost::json;
using client::Error;
using client::ErrorCode;
using client::Result;
using kvctl::LoadKind;
using kvctl::LoadPlan;

struct Plan {
  std::vector<std::string> kinds{"put", "get", "mixed"};
  std::vector<std::size_t> outstanding{1, 64, 256, 1000};
  std::vector<std::string> endpoints;
  std::size_t clients = 16;
  std::size_t value_bytes = 256;
  std::uint64_t keys = 100'000;
  double seconds = 3;
  std::uint16_t base_port = 17700;
  std::string output = "plain";
};

std::optional<LoadKind> kind_of(const std::string& name) {
  if (name == "put") return LoadKind::put;
  if (name == "get") return LoadKind::get;
  if (name == "mixed") return LoadKind::mixed;
  return std::nullopt;
}

LoadPlan load_of(const Plan& plan, LoadKind kind, std::size_t outstanding) {
  LoadPlan load;
  load.kind = kind;
  load.clients = std::min(plan.clients, outstanding);
  load.outstanding = outstanding;
  load.value_bytes = plan.value_bytes;
  load.keys = plan.keys;
  load.time = std::chrono::milliseconds(static_cast<std::int64_t>(plan.seconds * 1e3));
  return load;
}

void print_heading(const Plan& plan) {
  if (plan.output != "json")
    std::printf("%-6s %11s %10s %8s %8s %8s\n", "kind", "outstanding", "per_s", "p50_us", "p99_us",
                "max_us");
}

void print(const Plan& plan, const std::string& kind, json::object figures) {
  if (plan.output == "json") {
    figures["kind"] = kind;
    std::cout << json::serialize(figures) << std::endl;
    return;
  }
  const auto number = [&figures](const char* name) { return figures.at(name).to_number<long>(); };
  std::printf("%-6s %11ld %10ld %8ld %8ld %8ld\n", kind.c_str(), number("outstanding"),
              number("ops_per_s"), number("p50_us"), number("p99_us"), number("max_us"));
}

/// Every key is there before anything is measured, and the group's files are written ahead.
Result<void> fill(const client::Options& options, const Plan& plan) {
  LoadPlan load = load_of(plan, LoadKind::put, 256);
  load.order = kvctl::KeyOrder::sequential;
  load.calls = plan.keys;
  const auto report = kvctl::run_load(options, load);
  if (!report) return report.error();
  if (report->failure) return *report->failure;
  return {};
}

Result<void> measure(const client::Options& options, const Plan& plan) {
  if (auto filled = fill(options, plan); !filled) return filled;
  print_heading(plan);
  for (const std::string& name : plan.kinds) {
    const auto kind = kind_of(name);
    if (!kind) return Error{ErrorCode::invalid_argument, "no kind of load is named " + name};
    for (const std::size_t outstanding : plan.outstanding) {
      const LoadPlan load = load_of(plan, *kind, outstanding);
      const auto report = kvctl::run_load(options, load);
      if (!report) return report.error();
      print(plan, name, kvctl::figures_of(load, *report));
      if (report->failure) return *report->failure;
    }
  }
  return {};
}

Result<void> run(const Plan& plan) {
  if (!plan.endpoints.empty()) {
    client::Options options;
    options.endpoints = plan.endpoints;
    return measure(options, plan);
  }
  const auto members = LocalMembers::start(3, plan.base_port);
  if (!members) return members.error();
  return measure((*members)->client_options(), plan);
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::Plan plan;
  CLI::App app("Writes and reads through the client library");
  app.add_option("--kinds", plan.kinds, "put, get, mixed")->delimiter(',');
  app.add_option("--outstanding", plan.outstanding, "Calls under way (1,64,256,1000)")
      ->delimiter(',')
      ->check(CLI::Range(1, 100'000));
  app.add_option("-e,--endpoints", plan.endpoints, "Members to use, instead of own ones")
      ->delimiter(',');
  app.add_option("--clients", plan.clients, "Clients, each with connections of its own (16)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--value-size", plan.value_bytes, "Bytes of a value (256)")
      ->check(CLI::Range(0, 16 * 1024 * 1024));
  app.add_option("--keys", plan.keys, "Different keys, of 16 bytes (100000)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seconds", plan.seconds, "Of each load (3)")->check(CLI::PositiveNumber);
  app.add_option("--base-port", plan.base_port, "Client ports of own members follow it (17700)");
  app.add_option("-o,--output", plan.output, "plain or json");
  CLI11_PARSE(app, argc, argv);
  const auto done = benchmarks::run(plan);
  if (!done) std::cerr << "kv_bench: " << done.error().detail << '\n';
  return done ? 0 : 1;
}
