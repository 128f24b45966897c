#pragma once

#include <deque>
#include <optional>

#include "gms/core/effect.hpp"
#include "gms/core/entry_log.hpp"
#include "gms/core/multicast_outbox.hpp"
#include "gms/core/sender_rows.hpp"

namespace gms::core {

/// What is committed and what the application has been given of it. Delivers entries in order, each
/// when it is committed and durable here [C11], views between the messages where they stand.
class Delivery {
 public:
  struct Limits {
    std::size_t batch_bytes_max = 0;
    std::size_t apply_bytes_max = 0;
    /// A batch ends at each index that is a multiple of this.
    std::uint64_t sample_interval = 4096;
  };

  Delivery(model::MemberId self, model::Mark mark, Limits limits);

  [[nodiscard]] model::Index commit() const { return commit_; }
  [[nodiscard]] model::Index delivered() const { return mark_.head.position.index; }
  /// The newest message or view that this engine gave to the application; at first the view in
  /// force there.
  [[nodiscard]] model::Index told() const { return told_; }
  /// Where the newest mark stands that the application was given: a snapshot of its stands there
  /// once it has consumed what came with it.
  [[nodiscard]] model::Index marked() const { return marked_; }
  /// The application has consumed everything up to here.
  [[nodiscard]] model::Index applied() const { return applied_; }
  /// The mark after the last entry that was delivered.
  [[nodiscard]] const model::Mark& mark() const { return mark_; }

  /// Precondition: it only grows [I12].
  void set_commit(model::Index commit);

  /// Drafts proposed here became the `count` entries from `first` on.
  void expect(model::Position first, std::uint64_t count, model::Ticket ticket);
  /// Gives up on all expected entries: they may or may not be delivered later, without a ticket.
  void forget_expected(const model::Error& error, Effects& effects);

  /// Delivers what may be delivered from memory. Returns the index to read from the log's files
  /// when the next entry is not in memory.
  std::optional<model::Index> advance(const EntryLog& log, MulticastOutbox& outbox,
                                      Effects& effects);
  /// Delivers entries read from the files, as far as they may be.
  void advance_with(const model::EntryRun& run, const EntryLog& log, MulticastOutbox& outbox,
                    Effects& effects);
  /// Gives the application the mark after the last entry that was delivered, in a batch without a
  /// message, where entries of the group's own stand between that and its newest mark.
  void renew_mark(Effects& effects);
  /// The application has consumed deliveries up to `index`.
  void applied_up_to(model::Index index);

  /// The application goes over to a state at `mark`; what is committed after that is delivered to
  /// it. Precondition: that is not below told().
  void restore(const model::Mark& mark, Effects& effects);

  /// Whether, since the last call, an own multicast was dropped because one before it is missing,
  /// or this member was marked up: what is pending should be sent again.
  [[nodiscard]] bool take_wants_resend() { return std::exchange(wants_resend_, false); }

 private:
  struct Expected {
    model::Position first;
    std::uint64_t count = 0;
    model::Ticket ticket;
  };
  struct Outstanding {
    model::Index last;
    std::size_t bytes = 0;
  };

  [[nodiscard]] model::Index limit(const EntryLog& log) const;
  [[nodiscard]] bool has_room() const { return outstanding_bytes_ < limits_.apply_bytes_max; }
  void deliver_run(const model::EntryRun& run, MulticastOutbox& outbox, Effects& effects);
  void deliver_entry(model::EntryView entry, MulticastOutbox& outbox, Effects& effects);
  void deliver_view(model::EntryView entry, Effects& effects);
  void deliver_multicast(model::EntryView entry, MulticastOutbox& outbox, Effects& effects);
  [[nodiscard]] model::Ticket ticket_of(const model::Position& position, Effects& effects);
  void hold(const model::EntryRun& run);
  void flush(Effects& effects);
  void deliver_batch(Effects& effects);
  void flush_keeping_owners(Effects& effects);
  void settle();
  void outstanding(model::Index last, std::size_t bytes);

  const model::MemberId self_;
  const Limits limits_;
  model::Index commit_;
  model::Mark mark_;
  model::Index told_;
  model::Index marked_;
  model::Index applied_;
  SenderRows rows_;
  std::deque<Expected> expected_;
  std::deque<Outstanding> outstanding_;
  std::size_t outstanding_bytes_ = 0;
  bool wants_resend_ = false;
  /// The batch that is being put together within one call.
  model::DeliveryBatch batch_;
  std::size_t batch_bytes_ = 0;
};

}  // namespace gms::core
