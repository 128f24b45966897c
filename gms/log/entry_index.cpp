#include "gms/log/entry_index.hpp"

#include <algorithm>

namespace gms::log {
namespace {

/// A place is not shared further than this: what a lookup may have to walk over.
constexpr std::uint64_t kPlaceBytes = 64 * 1024;

}  // namespace

void EntryIndex::add(const BatchPlace& batch) {
  truncate(batch.first);
  const bool shares = !places_.empty() && places_.back().segment == batch.segment &&
                      shared_until_ == batch.offset && shared_until_ != 0 &&
                      batch.offset - places_.back().offset < kPlaceBytes;
  if (shares) {
    places_.back().last = batch.last;
  } else {
    places_.push_back({batch.first, batch.last, batch.segment, batch.offset});
  }
  shared_until_ = batch.offset + batch.extent;
}

void EntryIndex::truncate(model::Index first) {
  while (!places_.empty() && places_.back().first >= first) {
    places_.pop_back();
    shared_until_ = 0;
  }
  if (places_.empty() || places_.back().last < first) return;
  // A batch that came next into this place would stand behind entries that it replaced.
  places_.back().last = first.previous();
  shared_until_ = 0;
}

void EntryIndex::trim_to(model::Index base) {
  const auto kept =
      std::partition_point(places_.begin(), places_.end(),
                           [base](const EntryPlace& place) { return place.last <= base; });
  places_.erase(places_.begin(), kept);
  if (places_.empty()) shared_until_ = 0;
}

const EntryPlace* EntryIndex::find(model::Index index) const {
  const auto after = std::upper_bound(
      places_.begin(), places_.end(), index,
      [](model::Index wanted, const EntryPlace& place) { return wanted < place.first; });
  if (after == places_.begin()) return nullptr;
  const EntryPlace& place = *(after - 1);
  return index <= place.last ? &place : nullptr;
}

}  // namespace gms::log
