#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "gms/model/log.hpp"

namespace golden {

/// The storage of one scripted member: orders wait until the script makes them durable; what is not
/// durable is gone after a crash. In memory, and so it survives the member's process.
class Disk {
 public:
  explicit Disk(gms::model::Identity identity) : identity_(std::move(identity)) {}

  [[nodiscard]] const gms::model::Identity& identity() const { return identity_; }
  /// The log of a founded group: its first view.
  void found(const gms::model::View& view);

  void order(gms::model::PersistRequest request) { pending_.push_back(std::move(request)); }
  /// Makes the oldest order durable. Nothing if there is none.
  std::optional<gms::model::PersistSeq> sync_one();
  [[nodiscard]] gms::model::PersistSeq durable() const { return durable_; }
  /// Orders under way are lost.
  void lose_pending();
  /// Durable entries are lost all the same: what a disk must never do.
  void lose_entries(std::uint64_t count);

  /// The application has made its state durable up to this mark.
  void flush(const std::optional<gms::model::Mark>& mark) { flushed_ = mark; }

  /// A state at this mark is in place beside the old one; it counts when an install is durable.
  void stage(const gms::model::Mark& mark) { staged_ = mark; }

  /// What a member finds when it starts.
  [[nodiscard]] gms::model::RestoredState restore(gms::model::BootSeq boot) const;
  /// Durable entries and those under way.
  [[nodiscard]] gms::model::ReadAnswer read(const gms::model::ReadRequest& request) const;
  [[nodiscard]] const std::vector<gms::model::EntryRun>& entries() const { return entries_; }
  [[nodiscard]] const std::optional<std::string>& refusal() const { return refusal_; }

 private:
  using Runs = std::vector<gms::model::EntryRun>;
  static void write(Runs& runs, const std::vector<gms::model::EntryRun>& more);
  void begin_after(const gms::model::Base& base);

  gms::model::Identity identity_;
  gms::model::HardState hard_state_;
  gms::model::Base base_;
  gms::model::StateGeneration state_{1};
  bool state_diverged_ = false;
  Runs entries_;
  std::optional<std::string> refusal_;
  std::optional<gms::model::Mark> flushed_;
  std::optional<gms::model::Mark> staged_;
  std::deque<gms::model::PersistRequest> pending_;
  gms::model::PersistSeq durable_;
};

}  // namespace golden
