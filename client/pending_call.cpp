#include "client/pending_call.hpp"

#include <algorithm>

#include "gms/wire/frame.hpp"

namespace client {

using gms::model::Bytes;
using gms::model::Payload;
using std::chrono::milliseconds;

bool PendingCall::needs_number() const {
  return draft.numbering == Numbering::session && number == kvstore::api::CallNumber();
}

bool PendingCall::in_doubt() const {
  const bool changes = is_write() || draft.route == Route::any_once;
  return changes && (maybe_taken || asked != 0);
}

milliseconds PendingCall::told_deadline(Clock::time_point now) const {
  const auto left = std::chrono::duration_cast<milliseconds>(due - now);
  return std::max(left - std::min(left / 10, milliseconds(100)), milliseconds(1));
}

void PendingCall::share_large_body() {
  if (draft.body.size() < gms::wire::FrameWriter::kReferenceBytesMin) return;
  auto owner = std::make_shared<const Bytes>(std::move(draft.body));
  draft.body.clear();
  const gms::model::ByteSpan bytes(*owner);
  shared_body = Payload(std::shared_ptr<const std::byte[]>(owner, owner->data()), bytes);
}

void PendingCall::take_body_back() {
  if (shared_body.empty()) return;
  const auto bytes = shared_body.bytes();
  draft.body.assign(bytes.begin(), bytes.end());
  shared_body = Payload();
}

}  // namespace client
