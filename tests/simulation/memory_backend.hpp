#pragma once

#include <vector>

#include "tests/simulation/log_backend.hpp"

namespace tests::simulation {

/// Entries as a list of runs in which later ones replace what they overlap.
class RunList {
 public:
  void apply(const gms::model::EntryRun& run);
  /// Entries up to the base go.
  void trim(const gms::model::Base& base);
  /// All entries go.
  void begin_after(const gms::model::Base& base);
  [[nodiscard]] const gms::model::Base& base() const { return base_; }
  [[nodiscard]] const std::vector<gms::model::EntryRun>& runs() const { return runs_; }
  [[nodiscard]] gms::model::ChainHead head() const;
  /// The run that holds `index`, or null.
  [[nodiscard]] const gms::model::EntryRun* find(gms::model::Index index) const;

 private:
  gms::model::Base base_;
  std::vector<gms::model::EntryRun> runs_;
};

/// Summarises entries as recovery does.
[[nodiscard]] gms::model::RecoveredLog summarise(const RunList& entries,
                                                 std::size_t tail_bytes_max);

/// A LogBackend without files, for speed. A crash keeps a prefix of the orders.
class MemoryBackend final : public LogBackend {
 public:
  /// What a member is made with.
  explicit MemoryBackend(const gms::model::RestoredState& first);

  [[nodiscard]] gms::model::Result<void> write(gms::model::PersistRequest request) override;
  [[nodiscard]] gms::model::Result<void> sync() override;
  void fail_next_sync() override { fail_next_sync_ = true; }
  [[nodiscard]] gms::model::ReadAnswer read(const gms::model::ReadRequest& request) override;
  void process_dies(Random& random) override;
  void power_fails(Random& random) override;
  [[nodiscard]] gms::model::Result<Recovered> recover(std::size_t tail_bytes_max) override;
  [[nodiscard]] gms::model::Result<RecoveredEnd> imagine_power_loss(Random& random) const override;

 private:
  struct Contents {
    gms::model::Identity identity;
    gms::model::HardState hard_state;
    RunList entries;
    gms::model::StateGeneration state{1};
    bool state_diverged = false;
    std::optional<std::string> refusal;

    void apply(const gms::model::PersistRequest& request);
  };

  [[nodiscard]] static gms::model::Result<Recovered> open(const Contents& contents,
                                                          gms::model::BootSeq boot,
                                                          std::size_t tail_bytes_max);

  Contents durable_;
  Contents written_;
  std::vector<gms::model::PersistRequest> unsynced_;
  gms::model::BootSeq boot_;
  bool fail_next_sync_ = false;
};

}  // namespace tests::simulation
