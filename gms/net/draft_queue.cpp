#include "gms/net/draft_queue.hpp"

#include <algorithm>
#include <utility>

namespace gms::net {

using model::ByteSpan;
using model::Error;
using model::ErrorCode;
using model::Ticket;

DraftBatch& DraftQueue::open_batch(DraftKind kind, std::size_t payload_bytes) {
  // The newest batch of a kind is the open one.
  const auto newest = std::find_if(batches_.rbegin(), batches_.rend(),
                                   [kind](const DraftBatch& batch) { return batch.kind == kind; });
  const std::uint64_t drafts_max =
      kind == DraftKind::multicast ? kBatchMulticastsMax : kBatchDraftsMax;
  if (newest != batches_.rend() && newest->drafts.count() < drafts_max &&
      newest->drafts.bytes() + payload_bytes <= kBatchBytesMax)
    return *newest;
  const Ticket first = next_;
  next_ = next_ + kBatchDraftsMax;
  DraftBatch& batch = batches_.emplace_back(DraftBatch{kind, first, {}});
  // Under a steady load a batch becomes as large as those before it: it need not grow to that.
  batch.drafts.reserve(std::min(usual_bytes_[static_cast<std::size_t>(kind)], kBatchBytesMax));
  return batch;
}

model::Result<Ticket> DraftQueue::add(DraftKind kind, std::initializer_list<ByteSpan> pieces) {
  std::size_t size = 0;
  for (const ByteSpan& piece : pieces) size += piece.size();
  // A multicast's header goes before its body.
  const std::size_t header = kind == DraftKind::multicast ? model::kMulticastHeaderBytes : 0;
  if (size + header > model::kEntryPayloadBytesMax)
    return Error{ErrorCode::too_large, "a message of " + std::to_string(size) +
                                           " bytes; the limit is " +
                                           std::to_string(model::kEntryPayloadBytesMax - header)};
  if (bytes_ + size > bytes_max_)
    return Error{ErrorCode::busy, "too many messages wait to be ordered"};
  DraftBatch& batch = open_batch(kind, size);
  const Ticket ticket = batch.first + batch.drafts.count();
  const std::size_t before = batch.drafts.bytes();
  if (kind == DraftKind::multicast)
    batch.drafts.append_multicast(pieces);
  else
    batch.drafts.append(model::EntryKind::command, pieces);
  bytes_ += batch.drafts.bytes() - before;
  ++count_;
  return ticket;
}

Ticket DraftQueue::take_ticket() {
  return std::exchange(next_, next_.next());
}

DraftBatch DraftQueue::take() {
  DraftBatch batch = std::move(batches_.front());
  batches_.pop_front();
  count_ -= batch.drafts.count();
  bytes_ -= batch.drafts.bytes();
  std::size_t& usual = usual_bytes_[static_cast<std::size_t>(batch.kind)];
  usual = std::max(batch.drafts.bytes(), usual - usual / kForgottenPart);
  batch.drafts.fit();
  return batch;
}

}  // namespace gms::net
