#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "gms/core/status.hpp"

namespace gms::net {

/// One peer as the links see it.
struct LinkStatus {
  model::MemberId member;
  std::string address;
  /// Messages to it leave at once.
  bool outbound_open = false;
  std::size_t inbound_open = 0;
  /// The latest boot of it that was heard of.
  model::BootSeq boot;
  std::size_t queued_bytes = 0;
  std::uint64_t connects = 0;
};

struct LinkStatistics {
  std::vector<LinkStatus> links;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  /// Gather writes and reads, each a system call.
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  /// Messages that found no open link or a full queue.
  std::uint64_t messages_dropped = 0;
  /// Connections dropped for what came over them or for taking too long.
  std::uint64_t connections_refused = 0;
};

/// What moved between members as snapshots, and what moves now.
struct TransferStatistics {
  std::uint64_t snapshots_taken = 0;
  std::uint64_t snapshots_restored = 0;
  std::uint64_t fetches_failed = 0;
  /// Of the parts alone.
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  /// Connections on which others pull.
  std::uint64_t serving = 0;
  bool fetching = false;
};

/// What passed between the engine and its log and application.
struct DriverStatistics {
  std::uint64_t steps = 0;
  std::uint64_t turns = 0;
  std::uint64_t ticks = 0;
  std::uint64_t persists = 0;
  std::uint64_t syncs_noticed = 0;
  /// From an order to the log until it was known durable: the latest, a moving mean and the
  /// largest.
  std::chrono::microseconds sync_last{};
  std::chrono::microseconds sync_mean{};
  std::chrono::microseconds sync_max{};
  std::uint64_t deliveries = 0;
  std::uint64_t delivered_entries = 0;
  /// Drafts that wait for the engine to want them.
  std::size_t drafts_waiting = 0;
  std::size_t draft_bytes_waiting = 0;
  /// Messages that wait for the log.
  std::size_t messages_gated = 0;
  TransferStatistics transfer;
};

}  // namespace gms::net
