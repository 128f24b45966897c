#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gms/core/engine.hpp"
#include "tests/golden/disk.hpp"

namespace golden {

/// One scripted member: its disk, its clock, and while its process runs, its engine and what that
/// has asked for.
class Host {
 public:
  Host(gms::model::Identity identity, gms::core::EngineSettings settings)
      : disk(std::move(identity)), settings_(std::move(settings)) {}

  [[nodiscard]] const gms::model::MemberId& id() const { return disk.identity().self; }
  [[nodiscard]] bool runs() const { return engine_ != nullptr; }
  [[nodiscard]] gms::core::Engine& engine() { return *engine_; }
  [[nodiscard]] gms::model::BootSeq boot() const { return boot_; }

  /// A new process on the disk as it is. Returns what its engine wants done first.
  [[nodiscard]] gms::core::Effects start();
  /// The process is gone, with everything that was not durable.
  void crash();
  [[nodiscard]] gms::core::Effects step(gms::core::Input input);
  [[nodiscard]] gms::model::Ticket take_tickets(std::uint64_t count);

  Disk disk;
  gms::model::Instant now{};

  /// Messages that wait for an order to be durable.
  struct Gated {
    gms::core::Message message;
    gms::model::PersistSeq after;
  };
  std::vector<Gated> gated;
  std::vector<gms::model::ReadRequest> reads;

  /// What the application has consumed, and whether it says so at once.
  std::optional<gms::model::Bytes> mark;
  gms::model::Index delivered;
  bool applies = true;
  bool owes_applied = false;
  /// Of the application's state, volatile and durable, and its newest message: it tells its engine,
  /// if it compares states.
  gms::model::StateSample state;
  gms::model::StateSample flushed_state;
  bool compares = false;
  std::vector<gms::model::StateSample> samples;
  /// The state that is wanted of it, and the one that it is to fetch.
  std::optional<gms::model::SnapshotId> taking;
  std::optional<gms::model::SnapshotMeta> fetching;

 private:
  gms::core::EngineSettings settings_;
  gms::model::BootSeq boot_;
  gms::model::Ticket ticket_;
  std::unique_ptr<gms::core::Engine> engine_;
};

}  // namespace golden
