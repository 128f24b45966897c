#include "kvstore/replica/reply_batch.hpp"

namespace kvstore::replica {

using gms::model::ByteSpan;

namespace {

constexpr std::size_t kKeptBytesMax = 1024 * 1024;

}  // namespace

ByteSpan ReplyBatch::add(gms::model::Ticket ticket, gms::model::Index index,
                         const api::CommandReply& reply) {
  if (ticket == gms::model::Ticket()) {
    scratch_.clear();
    encode(reply, scratch_);
    return scratch_.bytes();
  }
  const std::size_t offset = kept_.bytes().size();
  encode(reply, kept_);
  const std::size_t size = kept_.bytes().size() - offset;
  places_.push_back({offset, size});
  replies_.push_back({ticket, index, {}});
  return ByteSpan(kept_.bytes()).subspan(offset, size);
}

std::span<const TicketReply> ReplyBatch::finish() {
  // Only now: while replies were added, their buffer moved.
  for (std::size_t i = 0; i < places_.size(); ++i)
    replies_[i].reply = ByteSpan(kept_.bytes()).subspan(places_[i].offset, places_[i].size);
  return replies_;
}

void ReplyBatch::clear() {
  // A batch of large previous values must not keep its memory for good.
  if (kept_.bytes().size() > kKeptBytesMax) (void)kept_.take();
  kept_.clear();
  places_.clear();
  replies_.clear();
}

}  // namespace kvstore::replica
