#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gms/model/state_transfer.hpp"
#include "gms/wire/frame.hpp"

namespace gms::wire {

// A state connection: a member pulls the parts of a snapshot of another, on a connection of its own
// so that messages never wait behind them. The one who connects says a StateHello; the other
// answers with pages of parts, then with one chunk for each pull, in order. A refusal may stand in
// place of any answer, and is the last frame.

/// The largest chunk that may be asked for.
inline constexpr std::size_t kStateChunkBytesMax = 1024 * 1024;
/// The largest body of any frame of a state connection.
inline constexpr std::size_t kStateFrameBytesMax = kStateChunkBytesMax + 64;
inline constexpr std::size_t kStateRefusalBytesMax = 256;

/// Who wants which snapshot of whom.
struct StateHello {
  /// None for a joiner that knows no group yet.
  model::GroupId group;
  model::MemberId from;
  model::BootSeq boot;
  model::MemberId to;
  model::SnapshotId snapshot;

  friend bool operator==(const StateHello&, const StateHello&) = default;
};

/// Some of the parts of a snapshot, from number `first` on, of `total`.
struct StatePartsPage {
  std::uint32_t first = 0;
  std::uint32_t total = 0;
  std::vector<model::StatePart> parts;

  friend bool operator==(const StatePartsPage&, const StatePartsPage&) = default;
};

/// Asks for `bytes` bytes of a part, which lie within it; at least one.
struct StatePull {
  std::uint32_t part = 0;
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0;

  friend bool operator==(const StatePull&, const StatePull&) = default;
};

/// What a pull asked for.
struct StateChunk {
  std::uint32_t part = 0;
  std::uint64_t offset = 0;
  model::Payload bytes;
};

/// Why nothing more comes. Only `busy` is worth another attempt.
struct StateRefusal {
  model::ErrorCode code = model::ErrorCode::unavailable;
  std::string reason;

  friend bool operator==(const StateRefusal&, const StateRefusal&) = default;
};

void add_state_hello(FrameWriter& frames, const StateHello& hello);
/// Adds the parts in as many pages as it takes; one without parts if there are none. Precondition:
/// at most kStatePartsMax, with names of at most kStatePartNameBytesMax.
void add_state_parts(FrameWriter& frames, const std::vector<model::StatePart>& parts);
void add_state_pull(FrameWriter& frames, const StatePull& pull);
/// Keeps a large chunk's bytes by reference. Precondition: at most kStateChunkBytesMax.
void add_state_chunk(FrameWriter& frames, const StateChunk& chunk);
/// A long reason is cut.
void add_state_refusal(FrameWriter& frames, model::ErrorCode code, std::string_view reason);

// Each checks everything that is the frame's alone. Error: corrupt.
[[nodiscard]] model::Result<StateHello> decode_state_hello(model::ByteSpan body);
[[nodiscard]] model::Result<StatePartsPage> decode_state_parts(model::ByteSpan body);
[[nodiscard]] model::Result<StatePull> decode_state_pull(model::ByteSpan body);
/// The chunk's bytes are a slice of `body`.
[[nodiscard]] model::Result<StateChunk> decode_state_chunk(const model::Payload& body);
[[nodiscard]] model::Result<StateRefusal> decode_state_refusal(model::ByteSpan body);

}  // namespace gms::wire
