#pragma once

#include <memory>
#include <vector>

#include "tests/simulation/log_backend.hpp"

namespace tests::simulation {

/// The log of one member as its process sees it: orders gather while a sync is under way, and share
/// the next one. The cluster says when a sync ends.
class LogDevice {
 public:
  explicit LogDevice(std::unique_ptr<LogBackend> backend) : backend_(std::move(backend)) {}

  void persist(gms::model::PersistRequest request) {
    ordered_ = request.seq;
    queued_.push_back(std::move(request));
  }
  void read(const gms::model::ReadRequest& request) { reads_.push_back({request, ordered_}); }

  /// Whether a sync should begin now.
  [[nodiscard]] bool wants_sync() const { return !syncing_ && !queued_.empty(); }
  [[nodiscard]] bool is_syncing() const { return syncing_; }
  /// Writes what was ordered; it becomes durable with finish_sync(). Precondition: wants_sync().
  [[nodiscard]] gms::model::Result<void> begin_sync();
  /// The number up to which everything is durable now. Precondition: is_syncing().
  [[nodiscard]] gms::model::Result<gms::model::PersistSeq> finish_sync();
  /// Answers what was asked for, as far as everything ordered before it is durable.
  [[nodiscard]] std::vector<gms::model::ReadAnswer> answers();
  [[nodiscard]] bool has_reads() const { return !reads_.empty(); }

  /// The process is gone with what it had not written.
  void process_dies(Random& random);
  void power_fails(Random& random);

  [[nodiscard]] LogBackend& backend() { return *backend_; }
  /// Orders that the crash of now would find unsynced.
  [[nodiscard]] std::size_t unsynced() const { return queued_.size() + (syncing_ ? 1 : 0); }

 private:
  struct PendingRead {
    gms::model::ReadRequest request;
    /// The last order before it.
    gms::model::PersistSeq after;
  };

  void forget();

  std::unique_ptr<LogBackend> backend_;
  std::vector<gms::model::PersistRequest> queued_;
  std::vector<PendingRead> reads_;
  bool syncing_ = false;
  gms::model::PersistSeq ordered_;
  gms::model::PersistSeq written_;
  gms::model::PersistSeq durable_;
};

}  // namespace tests::simulation
