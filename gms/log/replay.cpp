#include "gms/log/replay.hpp"

#include <algorithm>
#include <utility>

namespace gms::log {
namespace {

using model::ChainHead;
using model::EntryKind;
using model::EntryRun;
using model::EntryView;
using model::EpochSpan;
using model::Error;
using model::ErrorCode;
using model::Index;
using model::RecoveredLog;
using model::Result;

Error corrupt(std::string what) {
  return {ErrorCode::corrupt, std::move(what)};
}

}  // namespace

Replay::Replay(EntryReader reader, model::Base base, std::size_t tail_bytes_max)
    : reader_(std::move(reader)), tail_bytes_max_(tail_bytes_max) {
  log_.base = std::move(base);
  log_.head = log_.base.head;
}

Result<void> Replay::add(const BatchPlace& place, const EntryRun& run) {
  if (first_ == Index() || run.first_index() <= first_) {
    if (auto begun = begin(run); !begun) return begun;
  } else if (run.first_index() > log_.head.position.index.next()) {
    return corrupt("entries are missing before index " + std::to_string(run.first_index().value()));
  } else if (run.first_index() <= log_.head.position.index) {
    if (auto truncated = truncate(run.first_index()); !truncated) return truncated;
  }
  if (auto checked = check_chain(run); !checked) return checked;
  if (auto summarised = summarise(run); !summarised) return summarised;
  index_.add(place);
  log_.head = run.head();
  keep_in_tail(run);
  return {};
}

Result<void> Replay::begin(const EntryRun& run) {
  const ChainHead& base = log_.base.head;
  if (run.first_index() > base.position.index.next())
    return corrupt("the log begins at index " + std::to_string(run.first_index().value()) +
                   ", after its base " + model::to_string(base.position));
  log_.epochs.clear();
  log_.views.clear();
  log_.tail.clear();
  tail_bytes_ = 0;
  index_.truncate(run.first_index());
  first_ = run.first_index();
  follows_base_ = run.prefix(1).chain_is_intact(base.hash);
  return {};
}

Result<void> Replay::check_chain(const EntryRun& run) const {
  // What the oldest entries followed may have been trimmed, and need not be the base: later batches
  // may replace these. So their first hash is a given until all is read.
  const bool is_oldest = run.first_index() == first_;
  const bool intact = is_oldest ? run.from(first_.next()).chain_is_intact(run.front().hash())
                                : run.chain_is_intact(log_.head.hash);
  const bool ordered = is_oldest || run.front().epoch() >= log_.head.position.epoch;
  if (!intact || !ordered)
    return corrupt("the entries from index " + std::to_string(run.first_index().value()) +
                   " on do not follow from those before");
  return {};
}

Result<void> Replay::truncate(Index first) {
  const auto head = reader_.head_at(index_, first.previous());
  if (!head) return head.error();
  log_.head = *head;
  index_.truncate(first);
  while (!log_.epochs.empty() && log_.epochs.back().first >= first) log_.epochs.pop_back();
  GMS_ASSERT(!log_.epochs.empty(), "Replay::truncate");
  log_.epochs.back().last = log_.head.position.index;
  log_.epochs.back().last_hash = log_.head.hash;
  while (!log_.views.empty() && log_.views.back().position.index >= first) log_.views.pop_back();
  while (!log_.tail.empty() && log_.tail.back().last_index() >= first) {
    EntryRun kept = log_.tail.back().until(first);
    tail_bytes_ -= log_.tail.back().bytes();
    log_.tail.pop_back();
    if (kept.empty()) continue;
    tail_bytes_ += kept.bytes();
    log_.tail.push_back(std::move(kept));
  }
  return {};
}

Result<void> Replay::summarise(const EntryRun& run) {
  for (const EntryView entry : run) {
    if (log_.epochs.empty() || log_.epochs.back().epoch != entry.epoch())
      log_.epochs.push_back({entry.epoch(), entry.index(), entry.index(), entry.hash()});
    log_.epochs.back().last = entry.index();
    log_.epochs.back().last_hash = entry.hash();
    if (entry.kind() != EntryKind::view) continue;
    auto view = model::decode_view(entry.payload());
    if (!view) return view.error();
    log_.views.push_back({*std::move(view), entry.position()});
  }
  return {};
}

void Replay::keep_in_tail(const EntryRun& run) {
  if (run.bytes() > tail_bytes_max_) {
    log_.tail.clear();
    tail_bytes_ = 0;
    return;
  }
  auto copy = EntryRun::parse(model::Payload::copy_of(run.encoded().bytes()));
  tail_bytes_ += copy->bytes();
  log_.tail.push_back(*std::move(copy));
  while (tail_bytes_ > tail_bytes_max_) {
    tail_bytes_ -= log_.tail.front().bytes();
    log_.tail.pop_front();
  }
}

Result<RecoveredLog> Replay::finish() {
  if (first_ == Index()) return std::move(log_);
  const ChainHead& base = log_.base.head;
  if (log_.head.position.index < base.position.index)
    return corrupt("the log ends at " + model::to_string(log_.head.position) +
                   ", before its base " + model::to_string(base.position));
  const auto holds = holds_base();
  if (!holds) return holds.error();
  if (!*holds)
    return corrupt("the log does not go on from its base " + model::to_string(base.position));
  drop_to_base();
  return std::move(log_);
}

Result<bool> Replay::holds_base() {
  const ChainHead& base = log_.base.head;
  if (first_ > base.position.index) return follows_base_;
  const auto found = reader_.head_at(index_, base.position.index);
  if (!found) return found.error();
  return *found == base;
}

void Replay::drop_to_base() {
  const Index base = log_.base.head.position.index;
  std::erase_if(log_.epochs, [&](const EpochSpan& span) { return span.last <= base; });
  if (!log_.epochs.empty())
    log_.epochs.front().first = std::max(log_.epochs.front().first, base.next());
  std::erase_if(log_.views,
                [&](const model::PlacedView& view) { return view.position.index <= base; });
  while (!log_.tail.empty() && log_.tail.front().last_index() <= base) log_.tail.pop_front();
  if (!log_.tail.empty()) log_.tail.front() = log_.tail.front().from(base.next());
  index_.trim_to(base);
}

}  // namespace gms::log
