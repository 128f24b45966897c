#include "kvstore/storage/overlay.hpp"

#include <utility>

#include "kvstore/storage/row_format.hpp"

namespace kvstore::storage {

void Overlay::apply(const ChangeSet& changes) {
  ++at_;
  for (const Change& change : changes.changes) {
    store_row_key(change.space, change.key, key_);
    newest_->put(key_, change.row, at_, viewed_);
  }
  newest_->set_applied(changes.applied, changes.record);
}

const OverlayVersion* Overlay::find(Space space, gms::model::ByteSpan key) {
  store_row_key(space, key, key_);
  if (const auto* version = newest_->find(key_)) return version;
  for (auto table = frozen_.rbegin(); table != frozen_.rend(); ++table)
    if (const auto* version = (*table)->find(key_)) return version;
  return nullptr;
}

Overlay::View Overlay::view() {
  viewed_ = at_;
  View out{frozen_, at_};
  out.tables.push_back(newest_);
  return out;
}

const AppliedRecord* Overlay::applied() const {
  if (has_changes()) return &newest_->applied();
  return frozen_.empty() ? nullptr : &frozen_.back()->applied();
}

std::shared_ptr<const OverlayTable> Overlay::freeze() {
  frozen_at_ = at_;
  frozen_.push_back(std::exchange(newest_, std::make_shared<OverlayTable>()));
  return frozen_.back();
}

void Overlay::drop_frozen(std::size_t kept) {
  while (frozen_.size() > kept) frozen_.pop_front();
}

}  // namespace kvstore::storage
