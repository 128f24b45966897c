#pragma once

#include "gms/log/entry_index.hpp"
#include "gms/log/entry_reader.hpp"
#include "gms/model/durable_state.hpp"

namespace gms::log {

/// Makes a log again from its batches in the order in which they were written.
///
/// Guarantee: the entries of the result chain from the base to the head without a gap; an entry
/// that a later batch replaced, and all that came after it, is not in it. Thread rule: one thread.
class Replay {
 public:
  /// `reader` is used where a replacement goes back behind the tail.
  Replay(EntryReader reader, model::Base base, std::size_t tail_bytes_max);

  /// Precondition: `run` is what stands at `place`; its bytes may go away after the call. Errors:
  /// corrupt (the entries do not chain to what is there), io.
  [[nodiscard]] model::Result<void> add(const BatchPlace& place, const model::EntryRun& run);
  /// To be called once, after the last batch. Errors: corrupt (the log does not reach or does not
  /// match its base), io.
  [[nodiscard]] model::Result<model::RecoveredLog> finish();
  /// Of the log that finish() returned.
  [[nodiscard]] EntryIndex take_index() { return std::move(index_); }

 private:
  [[nodiscard]] model::Result<void> begin(const model::EntryRun& run);
  [[nodiscard]] model::Result<void> check_chain(const model::EntryRun& run) const;
  [[nodiscard]] model::Result<void> truncate(model::Index first);
  [[nodiscard]] model::Result<void> summarise(const model::EntryRun& run);
  void keep_in_tail(const model::EntryRun& run);
  [[nodiscard]] model::Result<bool> holds_base();
  void drop_to_base();

  EntryReader reader_;
  model::RecoveredLog log_;
  EntryIndex index_;
  std::size_t tail_bytes_max_;
  std::size_t tail_bytes_ = 0;
  /// The first entry of all; zero before there is one.
  model::Index first_;
  /// Whether that entry chains to the base; means something where it stands right behind it.
  bool follows_base_ = false;
};

}  // namespace gms::log
