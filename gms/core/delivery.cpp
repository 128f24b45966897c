#include "gms/core/delivery.hpp"

#include <algorithm>

#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

Delivery::Delivery(MemberId self, Mark mark, Limits limits)
    : self_(self),
      limits_(limits),
      commit_(mark.head.position.index),
      mark_(std::move(mark)),
      told_(mark_.view.position.index),
      marked_(mark_.head.position.index),
      applied_(commit_),
      rows_(mark_) {}

void Delivery::set_commit(Index commit) {
  GMS_ASSERT(commit >= commit_, "I12");
  commit_ = commit;
}

void Delivery::expect(Position first, std::uint64_t count, Ticket ticket) {
  const auto later = std::find_if(expected_.begin(), expected_.end(), [&](const Expected& span) {
    return span.first.index > first.index;
  });
  expected_.insert(later, {first, count, ticket});
}

void Delivery::forget_expected(const Error& error, Effects& effects) {
  for (const Expected& span : expected_)
    effects.push_back(Completed{span.ticket, span.count, error, {}});
  expected_.clear();
}

Index Delivery::limit(const EntryLog& log) const {
  return std::min(commit_, log.stable());
}

std::optional<Index> Delivery::advance(const EntryLog& log, MulticastOutbox& outbox,
                                       Effects& effects) {
  const Index upto = limit(log);
  while (delivered() < upto && has_room()) {
    const Index next = delivered().next();
    if (next < log.first_in_memory()) return next;
    for (const EntryRun& run : log.read(next, limits_.batch_bytes_max))
      deliver_run(run.until(upto.next()), outbox, effects);
    flush(effects);
  }
  settle();
  return std::nullopt;
}

void Delivery::advance_with(const EntryRun& run, const EntryLog& log, MulticastOutbox& outbox,
                            Effects& effects) {
  if (run.empty() || run.first_index() > delivered().next()) return;
  // What was read before a snapshot came may be another history.
  if (run.last_index() <= delivered() || limit(log) <= delivered()) return;
  const EntryRun due = run.from(delivered().next()).until(limit(log).next());
  // So may what was read before another leader's entries took its place: the answer may be older
  // than a report of what is durable that came before it. Logs that are equal at one index are
  // equal up to it.
  if (log.position_at(due.last_index()) != due.at(due.last_index()).position()) return;
  deliver_run(due, outbox, effects);
  flush(effects);
  settle();
}

void Delivery::deliver_run(const EntryRun& run, MulticastOutbox& outbox, Effects& effects) {
  if (run.empty()) return;
  hold(run);
  for (const EntryView entry : run) {
    GMS_ASSERT(entry.index() == delivered().next(), "A4");
    deliver_entry(entry, outbox, effects);
  }
}

void Delivery::hold(const EntryRun& run) {
  batch_.owners.push_back(run.encoded());
  batch_bytes_ += run.bytes();
}

void Delivery::deliver_entry(EntryView entry, MulticastOutbox& outbox, Effects& effects) {
  // What stands before a view leaves with a mark before the view.
  if (entry.kind() == EntryKind::view) flush_keeping_owners(effects);
  mark_.head = {entry.position(), entry.hash(), entry.clock()};
  switch (entry.kind()) {
    case EntryKind::noop: break;
    case EntryKind::view: deliver_view(entry, effects); break;
    case EntryKind::multicast: deliver_multicast(entry, outbox, effects); break;
    case EntryKind::command:
      batch_.deliveries.push_back({entry.position(), EntryKind::command, MemberId(), entry.clock(),
                                   ticket_of(entry.position(), effects), entry.payload()});
      break;
  }
  // Everybody is asked for a sample here, so everybody's batches end here.
  if (entry.index().value() % limits_.sample_interval == 0) flush_keeping_owners(effects);
}

void Delivery::deliver_view(EntryView entry, Effects& effects) {
  auto view = decode_view(entry.payload());
  GMS_ASSERT(view.has_value(), "V3");
  wants_resend_ = wants_resend_ || (view->is_up(self_) && !mark_.view.view.is_up(self_));
  mark_.view = {*std::move(view), entry.position()};
  rows_.view_installed(mark_.view.view);
  rows_.note_in(mark_);
  told_ = marked_ = entry.index();
  outstanding(entry.index(), entry.bytes());
  effects.push_back(InstallView{mark_.view, encode(mark_)});
}

void Delivery::deliver_multicast(EntryView entry, MulticastOutbox& outbox, Effects& effects) {
  const MulticastHeader header = load_multicast_header(entry.payload().data());
  if (!rows_.admit(header, mark_.view.view)) {
    // A copy of one that was delivered is of no interest, and one from a time when this member was
    // marked down has to wait for its up mark.
    const bool gap = mark_.view.view.is_up(self_) && outbox.holds(header);
    wants_resend_ = wants_resend_ || gap;
    effects.push_back(Trace{MulticastDropped{entry.index(), header.sender}});
    return;
  }
  batch_.deliveries.push_back({entry.position(), EntryKind::multicast, header.sender, entry.clock(),
                               outbox.delivered(header),
                               entry.payload().subspan(kMulticastHeaderBytes)});
}

Ticket Delivery::ticket_of(const Position& position, Effects& effects) {
  while (!expected_.empty()) {
    Expected& span = expected_.front();
    if (position.index < span.first.index) return Ticket();
    const std::uint64_t at = position.index - span.first.index;
    if (at < span.count && span.first.epoch == position.epoch) {
      const Ticket ticket = span.ticket + at;
      span = {{span.first.epoch, position.index.next()}, span.count - at - 1, ticket.next()};
      if (span.count == 0) expected_.pop_front();
      return ticket;
    }
    // Another leader's entries stand where these were: a copy of them may still exist [C27].
    effects.push_back(Completed{span.ticket,
                                span.count,
                                Error{ErrorCode::outcome_unknown, "overwritten by a later leader"},
                                {}});
    expected_.pop_front();
  }
  return Ticket();
}

void Delivery::flush(Effects& effects) {
  if (!batch_.deliveries.empty()) {
    told_ = batch_.deliveries.back().position.index;
    deliver_batch(effects);
  }
  batch_ = {};
  batch_bytes_ = 0;
}

void Delivery::deliver_batch(Effects& effects) {
  rows_.note_in(mark_);
  batch_.mark = encode(mark_);
  batch_.last = marked_ = delivered();
  outstanding(batch_.last, batch_bytes_);
  effects.push_back(Deliver{std::move(batch_)});
}

void Delivery::renew_mark(Effects& effects) {
  if (marked_ == delivered()) return;
  deliver_batch(effects);
  batch_ = {};
}

void Delivery::flush_keeping_owners(Effects& effects) {
  std::vector<Payload> owners = batch_.owners;
  flush(effects);
  batch_.owners = std::move(owners);
}

void Delivery::restore(const Mark& mark, Effects& effects) {
  GMS_ASSERT(mark.head.position.index >= told_, "I12");
  // Whether these are in the state cannot be told.
  forget_expected({ErrorCode::outcome_unknown, "the state of another member was taken over"},
                  effects);
  wants_resend_ = wants_resend_ || mark.view.view.is_up(self_);
  mark_ = mark;
  rows_ = SenderRows(mark_);
  applied_ = mark_.head.position.index;
  commit_ = std::max(commit_, applied_);
  told_ = marked_ = applied_;
  outstanding_.clear();
  outstanding_bytes_ = 0;
}

void Delivery::settle() {
  if (outstanding_.empty()) applied_ = delivered();
}

void Delivery::outstanding(Index last, std::size_t bytes) {
  outstanding_.push_back({last, bytes});
  outstanding_bytes_ += bytes;
}

void Delivery::applied_up_to(Index index) {
  while (!outstanding_.empty() && outstanding_.front().last <= index) {
    outstanding_bytes_ -= outstanding_.front().bytes;
    applied_ = outstanding_.front().last;
    outstanding_.pop_front();
  }
  settle();
}

}  // namespace gms::core
