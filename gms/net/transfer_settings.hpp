#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "gms/model/ids.hpp"
#include "gms/net/backoff.hpp"

namespace gms::net {

/// Who this member is on state connections, and the limits of fetching and serving snapshots.
struct TransferSettings {
  /// None for a joiner that knows no group yet.
  model::GroupId group;
  model::MemberId self;
  model::BootSeq boot;
  std::uint64_t seed = 0;

  /// What a fetch asks for at most in a second; zero sets no limit.
  std::uint64_t bytes_per_second = 0;
  /// What one pull asks for, kStateChunkBytesMax at most, and how many pulls are under way.
  std::size_t chunk_bytes = 256 * 1024;
  std::size_t window_chunks = 8;
  /// For connecting and each frame of the handshake.
  std::chrono::milliseconds handshake_deadline{2000};
  /// A source that sends nothing for so long is given up, and asked on a new connection.
  std::chrono::milliseconds silence_max{10'000};
  /// Attempts in a row that brought nothing; after so many the fetch has failed.
  unsigned failures_max = 12;
  BackoffSettings backoff;
  /// Between two reports of progress.
  std::chrono::milliseconds report_every{100};

  /// Connections on which others pull, at a time; further ones are refused as busy.
  std::size_t serving_max = 8;
  /// One on which nothing is pulled for so long is closed.
  std::chrono::milliseconds serving_idle_max{60'000};
  /// A snapshot that was released stays for so long after it was last pulled.
  std::chrono::milliseconds kept_after_release{60'000};
  /// Of the snapshots that were released and are not pulled, so many stay at most.
  std::size_t released_max = 2;
};

}  // namespace gms::net
