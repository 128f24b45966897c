#include "gms/log/memory_log.hpp"

#include <algorithm>
#include <utility>

namespace gms::log {

using model::ChainHead;
using model::EntryRun;
using model::Index;
using model::ReadAnswer;

MemoryLog::MemoryLog(model::RecoveredLog start, model::LogListener& listener,
                     std::function<void()> ask_to_complete)
    : base_(start.base.head),
      runs_(std::move(start.tail)),
      listener_(listener),
      ask_to_complete_(std::move(ask_to_complete)) {}

void MemoryLog::persist(model::PersistRequest request) {
  if (request.install) {
    if (!request.install->keeps_tail) runs_.clear();
    move_base(request.install->base.head);
  }
  for (EntryRun& run : request.entries) append(std::move(run));
  if (request.trim_to) move_base(request.trim_to->head);
  durable_ = request.seq;
  ask();
}

void MemoryLog::read(model::ReadRequest request) {
  reads_.push_back(request);
  ask();
}

void MemoryLog::ask() {
  if (stopped_ || std::exchange(asked_, true)) return;
  ask_to_complete_();
}

void MemoryLog::complete() {
  asked_ = false;
  // A listener may ask for more at once; that is reported by the next call.
  const auto durable = std::exchange(durable_, std::nullopt);
  const auto reads = std::exchange(reads_, {});
  if (durable && !stopped_) listener_.on_durable(*durable);
  for (const model::ReadRequest& request : reads)
    if (!stopped_) listener_.on_read(answer(request));
}

void MemoryLog::append(EntryRun run) {
  if (run.empty()) return;
  while (!runs_.empty() && runs_.back().last_index() >= run.first_index()) {
    EntryRun kept = runs_.back().until(run.first_index());
    runs_.pop_back();
    if (!kept.empty()) runs_.push_back(std::move(kept));
  }
  runs_.push_back(std::move(run));
}

void MemoryLog::move_base(const ChainHead& base) {
  base_ = base;
  while (!runs_.empty() && runs_.front().last_index() <= base.position.index) runs_.pop_front();
  if (!runs_.empty()) runs_.front() = runs_.front().from(base.position.index.next());
}

ReadAnswer MemoryLog::answer(const model::ReadRequest& request) const {
  ReadAnswer answer;
  answer.reader = request.reader;
  answer.first = request.first;
  const EntryRun* const run = find(request.first);
  const auto previous = run == nullptr ? std::nullopt : head_at(request.first.previous());
  answer.gone = !previous.has_value();
  if (answer.gone) return answer;
  answer.previous = *previous;
  answer.entries = run->from(request.first).prefix(request.bytes_max);
  return answer;
}

const EntryRun* MemoryLog::find(Index index) const {
  const auto after = std::upper_bound(
      runs_.begin(), runs_.end(), index,
      [](Index wanted, const EntryRun& run) { return wanted < run.first_index(); });
  if (after == runs_.begin()) return nullptr;
  const EntryRun& run = *(after - 1);
  return index <= run.last_index() ? &run : nullptr;
}

std::optional<ChainHead> MemoryLog::head_at(Index index) const {
  if (index == base_.position.index) return base_;
  const EntryRun* const run = find(index);
  if (run == nullptr) return std::nullopt;
  const model::EntryView entry = run->at(index);
  return ChainHead{entry.position(), entry.hash(), entry.clock()};
}

}  // namespace gms::log
