#include <iostream>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/load.hpp"
#include "client/kvctl/load_figures.hpp"

namespace kvctl {
namespace {

namespace json = boost::json;
using client::Error;
using client::ErrorCode;
using client::Result;

constexpr std::uint64_t kClientsMax = 1000;
constexpr std::uint64_t kOutstandingMax = 100'000;
constexpr std::uint64_t kKeysMax = 10'000'000'000;

/// What one client refuses to have open would be measured as failures.
Result<void> check_room(const LoadPlan& plan) {
  // Of a request, besides the value.
  constexpr std::size_t kOverheadBytes = 128;
  const client::Options limits;
  const std::size_t calls = (plan.outstanding + plan.clients - 1) / plan.clients;
  const auto too_much = [](std::size_t limit, const char* what) {
    return Error{ErrorCode::invalid_argument, "a client has " + std::to_string(limit) + what +
                                                  " under way at most; take more --clients"};
  };
  if (calls > limits.calls_max) return too_much(limits.calls_max, " calls");
  if (plan.kind != LoadKind::get && calls * (plan.value_bytes + kOverheadBytes) > limits.bytes_max)
    return too_much(limits.bytes_max, " bytes");
  return {};
}

Result<LoadPlan> plan_of(const Arguments& arguments, LoadKind kind) {
  LoadPlan plan;
  plan.kind = kind;
  plan.clients = arguments.number("clients");
  plan.outstanding = arguments.number("outstanding");
  plan.value_bytes = arguments.number("value-size");
  plan.keys = arguments.number("keys");
  plan.time = arguments.duration("seconds");
  if (arguments.has("ops")) plan.calls = arguments.number("ops");
  if (arguments.has("sequential")) plan.order = KeyOrder::sequential;
  if (plan.clients == 0 || plan.clients > kClientsMax)
    return Error{ErrorCode::invalid_argument, "--clients is 1 to 1000"};
  if (plan.outstanding == 0 || plan.outstanding > kOutstandingMax)
    return Error{ErrorCode::invalid_argument, "--outstanding is 1 to 100000"};
  if (plan.value_bytes > kvstore::api::kValueBytesMax)
    return Error{ErrorCode::too_large, "--value-size is over the limit of " +
                                           std::to_string(kvstore::api::kValueBytesMax)};
  if (plan.keys == 0 || plan.keys > kKeysMax)
    return Error{ErrorCode::invalid_argument, "--keys is 1 to 10000000000"};
  if (plan.calls == std::uint64_t{0})
    return Error{ErrorCode::invalid_argument, "--ops is at least 1"};
  plan.clients = std::min(plan.clients, plan.outstanding);
  if (auto checked = check_room(plan); !checked) return checked.error();
  return plan;
}

void print_histogram(const Histogram& latency) {
  latency.for_each([](std::uint64_t upper_bound, std::uint64_t count) {
    std::cout << upper_bound << '\t' << count << '\n';
  });
}

void print(Context& context, const json::object& figures, const LoadReport& report) {
  if (context.arguments().has("csv")) {
    std::string names;
    std::string values;
    for (const auto& figure : figures) {
      names += (names.empty() ? "" : ",") + std::string(figure.key());
      values += (values.empty() ? "" : ",") + json::serialize(figure.value());
    }
    std::cout << names << '\n' << values << '\n';
  } else if (context.printer().is_json()) {
    context.printer().print(figures);
  } else {
    const char between = context.printer().format() == Format::plain ? '\t' : ' ';
    for (const auto& figure : figures)
      std::cout << figure.key() << between << json::serialize(figure.value()) << '\n';
  }
  if (context.arguments().has("histogram") && !context.printer().is_json())
    print_histogram(report.latency);
}

json::array histogram_of(const LoadReport& report) {
  json::array buckets;
  report.latency.for_each([&](std::uint64_t upper_bound, std::uint64_t count) {
    buckets.push_back(json::array{upper_bound, count});
  });
  return buckets;
}

Result<ExitCode> run_bench(Context& context, LoadKind kind) {
  const auto plan = plan_of(context.arguments(), kind);
  if (!plan) return plan.error();
  const auto report = run_load(context.client_options(), *plan);
  if (!report) return report.error();
  json::object figures = figures_of(*plan, *report);
  if (context.arguments().has("histogram") && context.printer().is_json())
    figures["histogram_us"] = histogram_of(*report);
  print(context, figures, *report);
  if (report->failure)
    return Error{report->failure->code, std::to_string(report->failed) +
                                            " calls failed, the first: " + report->failure->detail};
  return ExitCode::done;
}

Result<ExitCode> run_put(Context& context) {
  return run_bench(context, LoadKind::put);
}
Result<ExitCode> run_get(Context& context) {
  return run_bench(context, LoadKind::get);
}
Result<ExitCode> run_mixed(Context& context) {
  return run_bench(context, LoadKind::mixed);
}

}  // namespace

std::vector<Command> bench_commands() {
  const std::vector<Option> options = {
      {"--clients", OptionKind::number, "Clients, each with connections of its own", "16"},
      {"--outstanding", OptionKind::number, "Calls under way, of all clients together", "64"},
      {"--value-size", OptionKind::number, "Bytes of a value", "256"},
      {"--keys", OptionKind::number, "Different keys, of 16 bytes", "100000"},
      {"--seconds", OptionKind::duration, "How long it runs", "10"},
      {"--ops", OptionKind::number, "So many calls, instead of a time", ""},
      {"--sequential", OptionKind::flag, "Keys one after another, not at random", ""},
      {"--histogram", OptionKind::flag, "Print how often each latency was measured", ""},
      {"--csv", OptionKind::flag, "Print a line of names and a line of figures", ""},
  };
  return {
      {"bench put",
       "Measure writes, of keys bench/… that stay; del bench/ --prefix --yes removes them",
       Effect::writes,
       {},
       options,
       run_put},
      {"bench get", "Measure linearizable reads", Effect::writes, {}, options, run_get},
      {"bench mixed",
       "Measure writes and reads, half and half, of keys as of bench put",
       Effect::writes,
       {},
       options,
       run_mixed},
  };
}

}  // namespace kvctl
