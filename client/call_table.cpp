#include "client/call_table.hpp"

#include <algorithm>
#include <utility>

#include "gms/model/assert.hpp"

namespace client {
namespace {

using kvstore::api::RequestId;

// An id names a slot and how often the slot was used, so that a late reply never meets another
// call.
RequestId id_of(std::uint32_t slot, std::uint32_t generation) {
  return RequestId((std::uint64_t{generation} << 32) | slot);
}

std::uint32_t slot_of(RequestId id) {
  return static_cast<std::uint32_t>(id.value());
}

}  // namespace

PendingCall& CallTable::add(std::unique_ptr<PendingCall> call) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t at = free_.back();
  free_.pop_back();
  Slot& slot = slots_[at];
  slot.generation = std::max(slot.generation + 1, std::uint32_t{1});
  slot.order = ++added_;
  slot.call = std::move(call);
  slot.call->id = id_of(at, slot.generation);
  ++size_;
  bytes_ += slot.call->draft.body.size();
  earliest_due_ = std::min(earliest_due_, slot.call->due);
  return *slot.call;
}

PendingCall* CallTable::find(RequestId id) const {
  const std::uint32_t at = slot_of(id);
  if (at >= slots_.size()) return nullptr;
  PendingCall* call = slots_[at].call.get();
  return call != nullptr && call->id == id ? call : nullptr;
}

std::unique_ptr<PendingCall> CallTable::remove(RequestId id) {
  GMS_ASSERT(find(id) != nullptr, "CallTable::remove");
  auto call = std::move(slots_[slot_of(id)].call);
  free_.push_back(slot_of(id));
  --size_;
  bytes_ -= call->draft.body.size() + call->shared_body.size();
  return call;
}

std::uint64_t CallTable::asked() const {
  std::uint64_t asked = 0;
  for (const Slot& slot : slots_)
    if (slot.call != nullptr) asked |= slot.call->asked;
  return asked;
}

std::vector<RequestId> CallTable::overdue(Clock::time_point now) {
  std::vector<RequestId> found;
  if (now < earliest_due_) return found;
  earliest_due_ = Clock::time_point::max();
  for (const Slot& slot : slots_) {
    if (slot.call == nullptr) continue;
    if (slot.call->due <= now)
      found.push_back(slot.call->id);
    else
      earliest_due_ = std::min(earliest_due_, slot.call->due);
  }
  return found;
}

std::vector<PendingCall*> CallTable::in_order() const {
  std::vector<const Slot*> used;
  used.reserve(size_);
  for (const Slot& slot : slots_)
    if (slot.call != nullptr) used.push_back(&slot);
  std::ranges::sort(used, {}, &Slot::order);
  std::vector<PendingCall*> calls;
  calls.reserve(used.size());
  for (const Slot* slot : used) calls.push_back(slot->call.get());
  return calls;
}

}  // namespace client
