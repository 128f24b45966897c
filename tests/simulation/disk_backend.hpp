#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gms/log/new_member.hpp"
#include "tests/simulation/log_backend.hpp"
#include "tests/support/simulated_disk.hpp"

namespace tests::simulation {

/// A LogBackend that is the real log on a simulated disk: its files, its recovery, and what a loss
/// of power leaves of both.
class DiskBackend final : public LogBackend {
 public:
  explicit DiskBackend(const gms::log::NewMember& member);

  /// The order reaches the disk with the next sync(): a crash before it may leave any part of it.
  [[nodiscard]] gms::model::Result<void> write(gms::model::PersistRequest request) override;
  [[nodiscard]] gms::model::Result<void> sync() override;
  void fail_next_sync() override { fail_next_sync_ = true; }
  [[nodiscard]] gms::model::ReadAnswer read(const gms::model::ReadRequest& request) override;
  void process_dies(Random& random) override;
  void power_fails(Random& random) override;
  [[nodiscard]] gms::model::Result<Recovered> recover(std::size_t tail_bytes_max) override;
  [[nodiscard]] gms::model::Result<RecoveredEnd> imagine_power_loss(Random& random) const override;

 private:
  /// Lets the writing that is under way get as far as it may, and stops it there.
  void stop_within_writing(Random& random);
  [[nodiscard]] static gms::model::Result<gms::log::LogStore::Recovered> open(
      SimulatedDisk& disk, std::size_t tail_bytes_max);

  std::unique_ptr<SimulatedDisk> disk_;
  std::unique_ptr<gms::log::LogStore> store_;
  std::vector<gms::model::PersistRequest> writing_;
  bool fail_next_sync_ = false;
};

}  // namespace tests::simulation
