#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gms/model/ids.hpp"
#include "gms/model/state_transfer.hpp"

namespace kvstore::storage {

/// Called once, on any thread, within the call that asked or later.
using OnSourceTaken =
    std::function<void(gms::model::Result<std::unique_ptr<gms::model::StateSource>>)>;

/// Gives away the state of a store, and puts the state of another one in its place.
///
/// Thread rule: the store's; sources and sinks have their own.
/// Ownership: borrows the store, which outlives it.
class StateExchange {
 public:
  virtual ~StateExchange() = default;

  /// Takes the state right after the newest change set, whatever is applied from then on. Errors,
  /// with nothing left behind: busy (the disk has no room), io, unavailable (the store was closed
  /// before), corrupt (what a store begins with cannot be read back from the disk).
  virtual void take(OnSourceTaken taken) = 0;

  /// A place for the state of another store, one at a time. Errors: busy (one is there, or the disk
  /// has no room), corrupt (no store has such parts), io.
  [[nodiscard]] virtual gms::model::Result<std::unique_ptr<gms::model::StateSink>> receive(
      std::vector<gms::model::StatePart> parts) = 0;

  /// Makes what is staged the content of the store, as `generation`; the content before it stays on
  /// disk. Preconditions: `staged` is from receive() and finished; nobody holds a snapshot of the
  /// store. Errors: io, corrupt; whoever goes on then may find either content after a restart.
  [[nodiscard]] virtual gms::model::Result<void> restore(
      std::unique_ptr<gms::model::StateSink> staged, gms::model::StateGeneration generation) = 0;

  /// Removes the generations before this one, some time.
  virtual void settle(gms::model::StateGeneration generation) = 0;
};

}  // namespace kvstore::storage
