#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gms/model/durable_state.hpp"
#include "gms/model/log.hpp"
#include "tests/simulation/random.hpp"

namespace tests::simulation {

/// What a member's storage gives back when its process starts.
struct Recovered {
  gms::model::Identity identity;
  gms::model::BootSeq boot;
  gms::model::HardState hard_state;
  gms::model::RecoveredLog log;
  gms::model::StateGeneration state;
  bool state_diverged = false;
};

/// What tells one recovered state from another: the end of a chain stands for all of it.
struct RecoveredEnd {
  gms::model::HardState hard_state;
  gms::model::ChainHead head;
};
[[nodiscard]] inline RecoveredEnd end_of(const Recovered& found) {
  return {found.hard_state, found.log.head};
}

/// The directory of one member without threads or time: the simulated disk says when things end.
/// Written is not durable; what is written and not synced is the crash's to keep or to lose.
class LogBackend {
 public:
  virtual ~LogBackend() = default;

  /// Carries out one order without waiting for it to be durable. Error: the process has to stop.
  [[nodiscard]] virtual gms::model::Result<void> write(gms::model::PersistRequest request) = 0;
  /// Makes durable what was written. Error: the process has to stop.
  [[nodiscard]] virtual gms::model::Result<void> sync() = 0;
  /// Makes the next sync() fail, as a disk does that loses pages.
  virtual void fail_next_sync() = 0;
  [[nodiscard]] virtual gms::model::ReadAnswer read(const gms::model::ReadRequest& request) = 0;

  /// The process is gone; what it wrote is still in the machine's memory.
  virtual void process_dies(Random& random) = 0;
  /// The machine is gone: of what was not synced some is lost, some kept, some torn.
  virtual void power_fails(Random& random) = 0;

  /// Starts from what is there, as a new boot. Error: the incarnation is refused.
  [[nodiscard]] virtual gms::model::Result<Recovered> recover(std::size_t tail_bytes_max) = 0;
  /// What recover() would find if the power failed now; changes nothing.
  [[nodiscard]] virtual gms::model::Result<RecoveredEnd> imagine_power_loss(
      Random& random) const = 0;
};

}  // namespace tests::simulation
