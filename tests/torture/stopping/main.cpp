#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "kvstore/server/process.hpp"
#include "kvstore/server/program.hpp"
#include "tests/torture/stopping/stop_sink.hpp"
#include "tests/torture/stopping/system_points.hpp"
#include "tests/torture/stopping/wall_clock.hpp"

// kvd, with a sink for its events that stops it where a test orders that, and a wall clock that is
// wrong when a test wants it so.

namespace {

using Arguments = std::span<const char* const>;

std::string_view value_of(Arguments arguments, std::string_view flag) {
  const auto at =
      std::ranges::find(arguments, flag, [](const char* word) { return std::string_view(word); });
  return at == arguments.end() || at + 1 == arguments.end() ? std::string_view() : *(at + 1);
}

int port_of(std::string_view address) {
  return std::atoi(std::string(address.substr(address.rfind(':') + 1)).c_str());
}

}  // namespace

int main(int count, const char* const* words) {
  const Arguments arguments(words + 1, static_cast<std::size_t>(std::max(count, 1) - 1));
  kvstore::server::prepare_process();
  // Beside the data, as `kvctl local` has it.
  const auto member = std::filesystem::path(value_of(arguments, "--data")).parent_path();
  tests::torture::watch_wall_clock(member);
  tests::torture::StopPlan plan(member);
  tests::torture::StopSink sink(plan);
  tests::torture::watch_system_calls(plan, port_of(value_of(arguments, "--listen-client")),
                                     port_of(value_of(arguments, "--listen-peer")));
  return kvstore::server::run_program(arguments, &sink);
}
