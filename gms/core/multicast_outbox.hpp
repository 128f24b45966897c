#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "gms/model/entry_run.hpp"

namespace gms::core {

/// This member's own multicasts until it delivers them itself. They are numbered here and sent
/// again, from the oldest, whenever one may have been lost; order and at-most-once come from the
/// receivers' sender rows.
class MulticastOutbox {
 public:
  MulticastOutbox(model::MemberId self, model::BootSeq boot) : self_(self), boot_(boot) {}

  /// Numbers drafts of kind `multicast`, which are to be kept next.
  void number(model::EntryRunBuilder& drafts);
  /// Keeps what was numbered last, `count` drafts with tickets from `first` on. Their buffer is
  /// shared: it may be that of the entries that they became.
  void keep(model::Ticket first, std::size_t count, model::Payload drafts);

  /// This member delivered its own multicast: returns its ticket and forgets it. Zero when the
  /// header is of another boot or was told before.
  [[nodiscard]] model::Ticket delivered(const model::MulticastHeader& header);

  /// Everything up to `seq` is in a state that was taken over: forgets it. Returns the tickets, as
  /// (first, count).
  [[nodiscard]] std::vector<std::pair<model::Ticket, std::uint64_t>> delivered_up_to(
      model::MulticastSeq seq);

  /// Whether the multicast is this member's, of this boot, and not delivered yet.
  [[nodiscard]] bool holds(const model::MulticastHeader& header) const;

  /// One goes to the leader, or into its own log: it may be delivered from here on, known here or
  /// not.
  void handed_on() { handed_on_any_ = true; }
  [[nodiscard]] bool handed_on_any() const { return handed_on_any_; }
  /// Whether one of this boot was delivered here.
  [[nodiscard]] bool delivered_any() const { return delivered_any_; }

  /// Forgets everything that is pending. Returns its tickets, as (first, count).
  [[nodiscard]] std::vector<std::pair<model::Ticket, std::uint64_t>> abandon();

  /// Everything that is not delivered yet, oldest first: drafts, or entries made of them.
  [[nodiscard]] const std::deque<model::Payload>& pending() const { return batches_; }
  /// The first of them, or the next one if there is none.
  [[nodiscard]] model::MulticastSeq oldest() const { return (last_ - count_).next(); }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Span {
    model::MulticastSeq first;
    std::uint64_t count = 0;
    model::Ticket ticket;
  };

  const model::MemberId self_;
  const model::BootSeq boot_;
  model::MulticastSeq last_;
  /// One draft buffer a span; the two deques go in step.
  std::deque<model::Payload> batches_;
  std::deque<Span> spans_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  bool handed_on_any_ = false;
  bool delivered_any_ = false;
};

}  // namespace gms::core
