#include "gms/core/entry_log.hpp"

#include <algorithm>
#include <limits>

#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

EntryLog::EntryLog(RecoveredLog recovered, std::size_t tail_bytes_max)
    : tail_bytes_max_(tail_bytes_max),
      base_(std::move(recovered.base)),
      head_(recovered.head),
      epochs_(std::move(recovered.epochs)),
      views_(std::move(recovered.views)),
      stable_(recovered.head.position.index) {
  for (EntryRun& run : recovered.tail) {
    bytes_seen_ += run.bytes();
    held_.push_back({std::move(run), bytes_seen_});
  }
}

Index EntryLog::first_in_memory() const {
  return held_.empty() ? last_index().next() : held_.front().run.first_index();
}

std::vector<EpochSpan>::const_iterator EntryLog::span_at(Index index) const {
  const auto span = std::lower_bound(epochs_.begin(), epochs_.end(), index,
                                     [](const EpochSpan& s, Index i) { return s.last < i; });
  GMS_ASSERT(span != epochs_.end(), "EntryLog::epoch_at");
  return span;
}

std::deque<EntryLog::Held>::const_iterator EntryLog::held_at(Index index) const {
  return std::lower_bound(held_.begin(), held_.end(), index,
                          [](const Held& held, Index i) { return held.run.last_index() < i; });
}

Epoch EntryLog::epoch_at(Index index) const {
  GMS_ASSERT(index >= base_.head.position.index, "EntryLog::epoch_at");
  GMS_ASSERT(index <= last_index(), "EntryLog::epoch_at");
  if (index == base_.head.position.index) return base_.head.position.epoch;
  return span_at(index)->epoch;
}

Index EntryLog::last_at_or_below(Epoch epoch, Index low, Index high) const {
  Index index = high.previous();
  while (index > low) {
    if (epoch_at(index) <= epoch) return index;
    index = std::max(low, span_at(index)->first.previous());
  }
  return low;
}

std::optional<EntryHash> EntryLog::hash_at(Index index) const {
  if (index == base_.head.position.index) return base_.head.hash;
  if (index < base_.head.position.index || index > last_index()) return std::nullopt;
  if (const auto span = span_at(index); span->last == index) return span->last_hash;
  const auto held = held_at(index);
  if (held == held_.end() || held->run.first_index() > index) return std::nullopt;
  return held->run.at(index).hash();
}

std::vector<EntryRun> EntryLog::read(Index first, std::size_t bytes_max) const {
  auto held = held_at(first);
  GMS_ASSERT(held != held_.end() && held->run.first_index() <= first, "EntryLog::read");
  std::vector<EntryRun> runs;
  runs.push_back(held->run.from(first).prefix(bytes_max));
  std::size_t taken = runs.back().bytes();
  bool whole = runs.back().last_index() == held->run.last_index();
  for (++held; whole && held != held_.end() && taken < bytes_max; ++held) {
    if (held->run.front().bytes() > bytes_max - taken) break;
    runs.push_back(held->run.prefix(bytes_max - taken));
    taken += runs.back().bytes();
    whole = runs.back().last_index() == held->run.last_index();
  }
  return runs;
}

std::size_t EntryLog::bytes_after(Index index) const {
  if (index < base_.head.position.index) return std::numeric_limits<std::size_t>::max();
  const auto held = held_at(index.next());
  if (held == held_.end()) return 0;
  const auto whole = static_cast<std::size_t>(bytes_seen_ - held->end_offset);
  return whole + held->run.from(index.next()).bytes();
}

void EntryLog::append(const EntryRun& run, PersistSeq seq) {
  GMS_ASSERT(run.first_index() == last_index().next(), "A4");
  GMS_ASSERT(run.front().epoch() >= head_.position.epoch, "I2");
  GMS_ASSERT(unstable_.empty() || unstable_.back().seq <= seq, "DC1");
  extend_epochs(run);
  collect_views(run);
  head_ = run.head();
  bytes_seen_ += run.bytes();
  held_.push_back({run, bytes_seen_});
  if (!unstable_.empty() && unstable_.back().seq == seq) {
    unstable_.back().last = run.last_index();
  } else {
    unstable_.push_back({run.last_index(), seq});
  }
}

void EntryLog::extend_epochs(const EntryRun& run) {
  if (run.front().epoch() == run.back().epoch()) {
    if (epochs_.empty() || epochs_.back().epoch != run.back().epoch())
      epochs_.push_back({run.back().epoch(), run.first_index(), {}, {}});
    epochs_.back().last = run.last_index();
    epochs_.back().last_hash = run.back().hash();
    return;
  }
  for (const EntryView entry : run) {
    if (epochs_.empty() || epochs_.back().epoch != entry.epoch())
      epochs_.push_back({entry.epoch(), entry.index(), {}, {}});
    epochs_.back().last = entry.index();
    epochs_.back().last_hash = entry.hash();
  }
}

void EntryLog::collect_views(const EntryRun& run) {
  for (const EntryView entry : run) {
    if (entry.kind() != EntryKind::view) continue;
    auto next = decode_view(entry.payload());
    GMS_ASSERT(next.has_value(), "I14");
    const bool first = view().view.members.empty();
    GMS_ASSERT(first || next->seq == view().view.seq.next(), "I14");
    // A group that was founded anew has its founder's log, with the views of the group before it.
    // Those voters are of another group now and vote in this one no more [C28].
    const bool founds = next->cause == ViewCause::bootstrap && next->members.size() == 1;
    GMS_ASSERT(first || founds || voters_changed(next.value(), view().view) <= 1, "I14");
    views_.push_back({*std::move(next), entry.position()});
  }
}

void EntryLog::truncate(Index from, const ChainHead& before) {
  GMS_ASSERT(from > base_.head.position.index, "I3");
  GMS_ASSERT(before.position.index.next() == from, "EntryLog::truncate");
  while (!held_.empty() && held_.back().run.last_index() >= from) {
    Held held = std::move(held_.back());
    held_.pop_back();
    bytes_seen_ = held.end_offset - held.run.bytes();
    if (held.run.first_index() >= from) continue;
    held.run = held.run.until(from);
    bytes_seen_ += held.run.bytes();
    held_.push_back({std::move(held.run), bytes_seen_});
  }
  while (!epochs_.empty() && epochs_.back().first >= from) epochs_.pop_back();
  if (!epochs_.empty() && epochs_.back().last >= from) {
    epochs_.back().last = before.position.index;
    epochs_.back().last_hash = before.hash;
  }
  while (!views_.empty() && views_.back().position.index >= from) views_.pop_back();
  while (!unstable_.empty() && unstable_.back().last >= from) {
    const Unstable cut = unstable_.back();
    unstable_.pop_back();
    const Index below = unstable_.empty() ? stable_ : unstable_.back().last;
    if (below < before.position.index) unstable_.push_back({before.position.index, cut.seq});
  }
  stable_ = std::min(stable_, before.position.index);
  head_ = before;
}

void EntryLog::trim(const Base& base) {
  GMS_ASSERT(base.head.position.index > base_.head.position.index, "I19");
  GMS_ASSERT(base.head.position.index <= stable_, "I19");
  GMS_ASSERT(epoch_at(base.head.position.index) == base.head.position.epoch, "I19");
  base_ = base;
  forget_below_base();
}

void EntryLog::forget_below_base() {
  const Index base = base_.head.position.index;
  while (!epochs_.empty() && epochs_.front().last <= base) epochs_.erase(epochs_.begin());
  if (!epochs_.empty()) epochs_.front().first = std::max(epochs_.front().first, base.next());
  std::erase_if(views_, [base](const PlacedView& v) { return v.position.index <= base; });
  while (!held_.empty() && held_.front().run.last_index() <= base) {
    bytes_dropped_ = held_.front().end_offset;
    held_.pop_front();
  }
  // The run that crosses the base stays whole: only what is above the base is ever read of it.
}

void EntryLog::install(const InstallRequest& request, PersistSeq seq, Index committed_before) {
  GMS_ASSERT(request.base.head.position.index >= base_.head.position.index, "I19");
  base_ = request.base;
  if (request.keeps_tail) return forget_below_base();
  // Nothing below a state that came from elsewhere may speak for anything above it.
  epochs_.clear();
  views_.clear();
  held_.clear();
  bytes_dropped_ = bytes_seen_;
  head_ = base_.head;
  unstable_.clear();
  unstable_.push_back({base_.head.position.index, seq});
  stable_ = std::min(stable_, committed_before);
}

void EntryLog::durable(PersistSeq seq) {
  while (!unstable_.empty() && unstable_.front().seq <= seq) {
    stable_ = unstable_.front().last;
    unstable_.pop_front();
  }
}

PersistSeq EntryLog::persist_seq_at(Index index) const {
  if (index <= stable_) return PersistSeq();
  const auto at = std::lower_bound(unstable_.begin(), unstable_.end(), index,
                                   [](const Unstable& u, Index i) { return u.last < i; });
  GMS_ASSERT(at != unstable_.end(), "I11");
  return at->seq;
}

const PlacedView& EntryLog::view_at(Index index) const {
  const auto after =
      std::upper_bound(views_.begin(), views_.end(), index,
                       [](Index i, const PlacedView& placed) { return i < placed.position.index; });
  return after == views_.begin() ? base_.view : *std::prev(after);
}

std::vector<PlacedView> EntryLog::views_between(Index after, Index upto) const {
  std::vector<PlacedView> found;
  for (auto placed = views_.rbegin(); placed != views_.rend(); ++placed) {
    if (placed->position.index <= after) break;
    if (placed->position.index <= upto) found.push_back(*placed);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

std::optional<EntryLog::Removal> EntryLog::removal_of(const MemberId& member) const {
  const auto removes = [&](const PlacedView& placed) {
    const View& view = placed.view;
    return view.subject == member &&
           (view.cause == ViewCause::leave || view.cause == ViewCause::evict);
  };
  const auto found = std::find_if(views_.rbegin(), views_.rend(), removes);
  const PlacedView& removed = found == views_.rend() ? base_.view : *found;
  if (!removes(removed)) return std::nullopt;
  return Removal{removed.view.cause, removed.position};
}

void EntryLog::shrink_memory(Index committed) {
  const Index last = std::min(stable_, committed);
  while (!held_.empty() && bytes_seen_ - bytes_dropped_ > tail_bytes_max_ &&
         held_.front().run.last_index() <= last) {
    bytes_dropped_ = held_.front().end_offset;
    held_.pop_front();
  }
}

}  // namespace gms::core
