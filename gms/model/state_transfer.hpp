#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gms/model/mark.hpp"

namespace gms::model {

inline constexpr std::size_t kStatePartNameBytesMax = 256;
inline constexpr std::size_t kStatePartsMax = 65536;

/// One named stream of bytes of a state: a file, a table, whatever the application makes of it.
struct StatePart {
  std::string name;
  std::uint64_t bytes = 0;

  friend bool operator==(const StatePart&, const StatePart&) = default;
};

/// An application's state at one position, to be read in pieces, in any order and more than once.
/// It does not change, whatever is delivered meanwhile.
///
/// Thread rule: one caller at a time, on any thread. Destroying it gives up what it holds.
class StateSource {
 public:
  virtual ~StateSource() = default;
  [[nodiscard]] virtual const std::vector<StatePart>& parts() const = 0;
  /// Reads at `offset` of a part until `into` is full or the part ends; how many bytes that were.
  /// Error: io.
  [[nodiscard]] virtual Result<std::size_t> read(std::size_t part, std::uint64_t offset,
                                                 std::span<std::byte> into) = 0;
};

/// Where the state of another member is put while it arrives. Nothing of it is in use yet, and
/// destroying it removes what is there.
///
/// Thread rule: as of StateSource.
class StateSink {
 public:
  virtual ~StateSink() = default;
  /// The part's bytes from `offset` on; parts and offsets come in order, empty parts once. Errors:
  /// io, busy (no room), corrupt (not the next bytes of the parts that were named).
  [[nodiscard]] virtual Result<void> write(std::size_t part, std::uint64_t offset,
                                           ByteSpan bytes) = 0;
  /// All is written. Returns when it survives a loss of power, where that is promised. Errors: io,
  /// busy, corrupt (something is missing).
  [[nodiscard]] virtual Result<void> finish() = 0;
};

/// A state that an application was asked for, and the mark that goes with it, encoded.
struct TakenState {
  Bytes mark;
  std::unique_ptr<StateSource> source;
};
/// Called once, on the group's thread, within the call that asked or later.
using OnStateTaken = std::function<void(Result<TakenState>)>;

/// What members know of a snapshot: who has it, where, and where in the stream it stands. It is
/// committed state, so it is valid under any leader.
struct SnapshotMeta {
  SnapshotId id;
  MemberId source;
  /// Where the source listens for its peers.
  std::string address;
  Mark mark;
  std::uint64_t bytes = 0;

  [[nodiscard]] Index index() const { return mark.head.position.index; }
  friend bool operator==(const SnapshotMeta&, const SnapshotMeta&) = default;
};

}  // namespace gms::model
