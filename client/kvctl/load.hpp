#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "client/client.hpp"
#include "client/kvctl/histogram.hpp"

namespace kvctl {

enum class LoadKind : std::uint8_t { put, get, mixed };
enum class KeyOrder : std::uint8_t { random, sequential };

/// What a benchmark does.
struct LoadPlan {
  LoadKind kind = LoadKind::put;
  KeyOrder order = KeyOrder::random;
  /// Clients, each with a session and a connection to every member.
  std::size_t clients = 16;
  /// Calls under way, of all clients together.
  std::size_t outstanding = 64;
  std::size_t value_bytes = 256;
  std::uint64_t keys = 100'000;
  /// It ends after this time, or after so many calls if that is set.
  std::chrono::milliseconds time{10'000};
  std::optional<std::uint64_t> calls;
};

struct LoadReport {
  /// Microseconds of every call that succeeded.
  Histogram latency;
  std::uint64_t failed = 0;
  /// Of the first that failed.
  std::optional<client::Error> failure;
  std::chrono::duration<double> time{};
  /// Of this process.
  std::chrono::duration<double> cpu_time{};
};

/// Carries out the plan in this thread. Error: unavailable and the like, when the group does not
/// answer before it starts.
[[nodiscard]] client::Result<LoadReport> run_load(const client::Options& options,
                                                  const LoadPlan& plan);

}  // namespace kvctl
