#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "gms/model/durable_state.hpp"
#include "gms/model/log.hpp"

namespace gms::core {

/// A member's log as its engine sees it: epochs, views and ends of all of it above the base, the
/// newest entries themselves, and how much of it is durable here.
///
/// Durability is tracked by the order that wrote an entry, not by its position: an entry that was
/// truncated and written again is durable only when its second writing is [C11].
class EntryLog {
 public:
  EntryLog(model::RecoveredLog recovered, std::size_t tail_bytes_max);

  [[nodiscard]] const model::Base& base() const { return base_; }
  [[nodiscard]] const model::ChainHead& head() const { return head_; }
  [[nodiscard]] model::Position last() const { return head_.position; }
  [[nodiscard]] model::Index last_index() const { return head_.position.index; }
  /// The first entry that is in memory; one past the last when none is.
  [[nodiscard]] model::Index first_in_memory() const;

  /// The epoch of the entry at `index`. Precondition: base ≤ index ≤ last.
  [[nodiscard]] model::Epoch epoch_at(model::Index index) const;
  [[nodiscard]] model::Position position_at(model::Index index) const {
    return {epoch_at(index), index};
  }
  /// The largest index in [low, high) whose epoch is at most `epoch`; `low` if there is none.
  [[nodiscard]] model::Index last_at_or_below(model::Epoch epoch, model::Index low,
                                              model::Index high) const;
  /// The hash of the entry at `index`, if it can be told without the disk: in memory, at the end of
  /// its epoch's span, or the base.
  [[nodiscard]] std::optional<model::EntryHash> hash_at(model::Index index) const;

  /// Entries in memory from `first` on, of at most `bytes_max` bytes but one at least.
  /// Precondition: first_in_memory() ≤ first ≤ last.
  [[nodiscard]] std::vector<model::EntryRun> read(model::Index first, std::size_t bytes_max) const;
  /// The bytes of the entries after `index`; at least those in memory if it is older than these,
  /// and more than any limit if it is below the base.
  [[nodiscard]] std::size_t bytes_after(model::Index index) const;

  /// Adds entries that follow the head; the order `seq` makes them durable. Precondition: they
  /// continue the head's index, and views in them change one voter at most, but for those that
  /// found a group [I14].
  void append(const model::EntryRun& run, model::PersistSeq seq);
  /// Drops the entry at `from` and all after it. `before` is the end of the log then.
  /// Precondition: `from` is above the base.
  void truncate(model::Index from, const model::ChainHead& before);

  /// The log begins after `base` from here on. Precondition: it is the entry there, and committed.
  void trim(const model::Base& base);
  /// The log begins after another member's state, which the order `seq` makes durable. Until it is
  /// no more than what was committed before is stable.
  void install(const model::InstallRequest& request, model::PersistSeq seq,
               model::Index committed_before);

  /// The bytes of all entries since the engine's start, but for those that were truncated.
  [[nodiscard]] std::uint64_t bytes_seen() const { return bytes_seen_; }

  /// The order `seq` and all before it are durable.
  void durable(model::PersistSeq seq);
  /// Everything up to here is durable here, as it stands.
  [[nodiscard]] model::Index stable() const { return stable_; }
  /// The order that makes the entry at `index` durable; zero when it is already.
  [[nodiscard]] model::PersistSeq persist_seq_at(model::Index index) const;

  /// The view in force here: the last one in the log, committed or not [C3].
  [[nodiscard]] const model::PlacedView& view() const {
    return views_.empty() ? base_.view : views_.back();
  }
  /// The last view at or before `index`.
  [[nodiscard]] const model::PlacedView& view_at(model::Index index) const;
  /// The views after `after`, up to and with `upto`.
  [[nodiscard]] std::vector<model::PlacedView> views_between(model::Index after,
                                                             model::Index upto) const;

  /// Why `member` is not in the view in force, which is without it: `leave` or `evict`, and where
  /// the view that removed it stands. Nothing if neither the log nor the view at its base tells.
  struct Removal {
    model::ViewCause cause = model::ViewCause::evict;
    model::Position at;
  };
  [[nodiscard]] std::optional<Removal> removal_of(const model::MemberId& member) const;

  /// Lets go of the oldest entries in memory that are durable here and committed, until the rest
  /// fits the limit [I24]. Those that are not committed stay, or their bytes could not be told.
  void shrink_memory(model::Index committed);

 private:
  struct Held {
    model::EntryRun run;
    /// Bytes of all entries up to and with the run's last, since the engine's start.
    std::uint64_t end_offset = 0;
  };
  struct Unstable {
    model::Index last;
    model::PersistSeq seq;
  };

  /// Forgets what is at and below the base.
  void forget_below_base();
  void extend_epochs(const model::EntryRun& run);
  void collect_views(const model::EntryRun& run);
  [[nodiscard]] std::deque<Held>::const_iterator held_at(model::Index index) const;
  [[nodiscard]] std::vector<model::EpochSpan>::const_iterator span_at(model::Index index) const;

  const std::size_t tail_bytes_max_;
  model::Base base_;
  model::ChainHead head_;
  std::vector<model::EpochSpan> epochs_;
  std::vector<model::PlacedView> views_;
  std::deque<Held> held_;
  std::uint64_t bytes_seen_ = 0;
  std::uint64_t bytes_dropped_ = 0;
  model::Index stable_;
  std::deque<Unstable> unstable_;
};

}  // namespace gms::core
