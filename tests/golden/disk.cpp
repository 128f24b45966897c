#include "tests/golden/disk.hpp"

namespace golden {

using namespace gms::model;

void Disk::found(const View& view) {
  EntryRunBuilder builder;
  builder.append(EntryKind::view, {encode(view)});
  hard_state_ = {Epoch(1), MemberId()};
  entries_ = {builder.seal({}, Epoch(1), GroupClock())};
}

void Disk::write(Runs& runs, const std::vector<EntryRun>& more) {
  for (const EntryRun& run : more) {
    while (!runs.empty() && runs.back().last_index() >= run.first_index()) {
      const EntryRun kept = runs.back().until(run.first_index());
      runs.pop_back();
      if (!kept.empty()) runs.push_back(kept);
    }
    runs.push_back(run);
  }
}

std::optional<PersistSeq> Disk::sync_one() {
  if (pending_.empty()) return std::nullopt;
  const PersistRequest request = std::move(pending_.front());
  pending_.pop_front();
  if (request.group) identity_.group = *request.group;
  if (request.hard_state) hard_state_ = *request.hard_state;
  if (request.refusal) refusal_ = request.refusal;
  if (request.install) {
    state_ = request.install->state;
    state_diverged_ = false;
    flushed_ = staged_;
    if (!request.install->keeps_tail) entries_.clear();
    begin_after(request.install->base);
  }
  write(entries_, request.entries);
  if (request.trim_to) begin_after(*request.trim_to);
  state_diverged_ = request.state_diverged.value_or(state_diverged_);
  durable_ = request.seq;
  return durable_;
}

void Disk::begin_after(const Base& base) {
  base_ = base;
  const Index first = base.head.position.index.next();
  Runs kept;
  for (const EntryRun& run : entries_)
    if (run.last_index() >= first) kept.push_back(run.from(std::max(first, run.first_index())));
  entries_ = std::move(kept);
}

void Disk::lose_pending() {
  pending_.clear();
  durable_ = PersistSeq();
}

void Disk::lose_entries(std::uint64_t count) {
  if (entries_.empty()) return;
  const Index end = entries_.back().last_index().next() - count;
  Runs kept;
  for (const EntryRun& run : entries_)
    if (const EntryRun part = run.until(end); !part.empty()) kept.push_back(part);
  entries_ = std::move(kept);
}

RestoredState Disk::restore(BootSeq boot) const {
  RestoredState state;
  state.identity = identity_;
  state.boot = boot;
  state.hard_state = hard_state_;
  state.applied = flushed_;
  state.state = state_;
  state.state_diverged = state_diverged_;
  RecoveredLog& log = state.log;
  log.base = base_;
  log.head = base_.head;
  for (const EntryRun& run : entries_) {
    for (const EntryView entry : run) {
      if (log.epochs.empty() || log.epochs.back().epoch != entry.epoch())
        log.epochs.push_back({entry.epoch(), entry.index(), {}, {}});
      log.epochs.back().last = entry.index();
      log.epochs.back().last_hash = entry.hash();
      if (entry.kind() == EntryKind::view)
        log.views.push_back({decode_view(entry.payload()).value(), entry.position()});
    }
    log.head = run.head();
    log.tail.push_back(run);
  }
  return state;
}

ReadAnswer Disk::read(const ReadRequest& request) const {
  Runs runs = entries_;
  for (const PersistRequest& order : pending_) write(runs, order.entries);
  ReadAnswer answer;
  answer.reader = request.reader;
  answer.first = request.first;
  answer.gone = true;
  answer.previous = base_.head;
  for (const EntryRun& run : runs) {
    if (run.last_index() < request.first) {
      answer.previous = run.head();
      continue;
    }
    if (const EntryRun before = run.until(request.first); !before.empty())
      answer.previous = before.head();
    answer.entries = run.from(request.first).prefix(request.bytes_max);
    answer.gone = false;
    break;
  }
  return answer;
}

}  // namespace golden
